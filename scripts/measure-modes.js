// Measures what kube-proxy's modes cost and writes docs/modes.md; --help shows the flags.
import { runBundled } from './run-bundled.js';

await runBundled('scripts/measure-modes/main.ts');
