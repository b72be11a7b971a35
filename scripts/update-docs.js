// Runs the commands of README.md and docs/ and writes what they print where the pages show it.
import { runBundled } from './run-bundled.js';

await runBundled('test/docs/main.ts');
