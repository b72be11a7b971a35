// Compares the compiler with the real kube-proxies on random clusters; --help shows the flags.
import { runBundled } from './run-bundled.js';

await runBundled('test/conformance/main.ts');
