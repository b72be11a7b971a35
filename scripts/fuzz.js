// Fuzzes the parsers with mutants of real inputs; --help shows the flags.
import { runBundled } from './run-bundled.js';

await runBundled('test/fuzz/main.ts');
