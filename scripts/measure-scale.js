// Measures big clusters and writes docs/performance.md.
import { runBundled } from './run-bundled.js';

await runBundled('scripts/measure-scale/main.ts');
