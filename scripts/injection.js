// Sends hostile strings through every emitter and shows what was written to the real tools: --count N --seed S.
import { runBundled } from './run-bundled.js';

await runBundled('test/hostile/injection-main.ts');
