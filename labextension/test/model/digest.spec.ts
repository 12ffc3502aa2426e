import { createHash } from 'crypto';

import { sha256 } from '../../src/model/digest';

test.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])('as others count it, of %i letters', length => {
  for (const letter of ['a', 'é', '🙂']) {
    const text = letter.repeat(length);
    expect(sha256(text)).toBe(createHash('sha256').update(text, 'utf-8').digest('hex'));
  }
});
