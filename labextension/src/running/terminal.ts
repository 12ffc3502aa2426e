// What a stream's text looks like after carriage returns and backspaces, as Jupyter itself keeps it.

/**
 * `text` with `\r` and `\b` carried out, line by line.
 *
 * A progress bar that was drawn a hundred times is there once.
 */
export function settle(text: string): string {
  if (!/[\r\b]/.test(text)) {
    return text;
  }
  return text
    .replace(/\r+\n/g, '\n')
    .split('\n')
    .map(settleLine)
    .join('\n');
}

function settleLine(line: string): string {
  if (!/[\r\b]/.test(line)) {
    return line;
  }
  const shown: string[] = [];
  let column = 0;
  for (const character of line) {
    if (character === '\r') {
      column = 0;
    } else if (character === '\b') {
      if (column > 0) {
        column -= 1;
        shown.splice(column, 1);
      }
    } else {
      shown[column] = character;
      column += 1;
    }
  }
  return shown.join('');
}
