import { BrowserMemory } from '../../src/running/memory';

test('the browser remembers a run for each server and notebook, until it is told not to', async () => {
  const [one, other] = [new BrowserMemory('/user/a/'), new BrowserMemory('/user/b/')];
  await one.remember('n.ipynb', 'run-1');
  const after = new BrowserMemory('/user/a/'); // the page was loaded again
  expect(await after.recall('n.ipynb')).toBe('run-1');
  expect(await after.recall('m.ipynb')).toBeNull();
  expect(await other.recall('n.ipynb')).toBeNull();
  await after.remember('n.ipynb', null);
  expect(await one.recall('n.ipynb')).toBeNull();
});
