/** Hostile strings in the fields of EndpointSlices. */
import { describeHostileStrings } from './hostile-strings-in-fields.ts';

describeHostileStrings('EndpointSlice');
