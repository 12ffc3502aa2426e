// Ranges of numbers, in decimal.

/** A sweep with more runs than this is taken for a slip. */
export const MAX_ROWS = 1000;

/**
 * The numbers from `start` to `stop`, both included, in decimal: 0 to 0.3 step 0.1 ends with 0.3 and nothing else.
 * A text says what is wrong.
 */
export function expandRange(start: string, stop: string, step: string): string[] | string {
  const numbers = [start, stop, step].map(decimalOf);
  const bad = [start, stop, step].find((_, index) => numbers[index] === null);
  const [from, to, by] = numbers;
  if (!from || !to || !by) {
    return `'${bad}' is no number; a range is written 0 to 1 step 0.25.`;
  }
  const digits = Math.max(from.digits, to.digits, by.digits);
  const scaled = (number: IDecimal): bigint =>
    number.value * 10n ** BigInt(digits - number.digits);
  const [first, last] = [scaled(from), scaled(to)];
  let stride = scaled(by);
  if (stride === 0n) {
    return 'The step of a range can\u2019t be 0.';
  }
  if (last < first && stride > 0n && step === '1') {
    stride = -stride;
  }
  if ((last - first) * stride < 0n) {
    return `A step of ${step} never leads from ${start} to ${stop}.`;
  }
  const count = Number((last - first) / stride) + 1;
  if (count > MAX_ROWS) {
    return `These would be ${count} values; a sweep takes ${MAX_ROWS} runs at most.`;
  }
  return Array.from({ length: count }, (_, index) =>
    decimalText(first + stride * BigInt(index), digits)
  );
}

interface IDecimal {
  readonly value: bigint;
  readonly digits: number;
}

function decimalOf(text: string): IDecimal | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2}))?$/.exec(text);
  if (!match || !(match[2] || match[3])) {
    return null;
  }
  const fraction = match[3] ?? '';
  const shift = Number(match[4] ?? 0);
  const size = BigInt((match[2] || '0') + fraction) * 10n ** BigInt(Math.max(0, shift - fraction.length));
  return {
    value: match[1] === '-' ? -size : size,
    digits: Math.max(0, fraction.length - shift)
  };
}

function decimalText(value: bigint, digits: number): string {
  if (digits === 0) {
    return String(value);
  }
  const text = String(value < 0n ? -value : value).padStart(digits + 1, '0');
  const whole = text.slice(0, -digits);
  return `${value < 0n ? '-' : ''}${whole}.${text.slice(-digits)}`;
}
