/** Hostile strings in the fields of Services. */
import { describeHostileStrings } from './hostile-strings-in-fields.ts';

describeHostileStrings('Service');
