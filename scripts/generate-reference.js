// Writes docs/reference and man/ from what the commands say of themselves: test/cli/reference.test.ts fails where they differ.
import { runBundled } from './run-bundled.js';

await runBundled('scripts/generate-reference/main.ts');
