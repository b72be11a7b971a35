// Compares lint with kube-score on seeded faults and writes docs/lint/comparison.md.
import { runBundled } from './run-bundled.js';

await runBundled('test/linters/main.ts');
