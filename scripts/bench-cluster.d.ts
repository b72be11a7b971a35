/** A List as `kubectl get -o json` prints it, in one line. */
export function benchCluster(services: number, endpoints: number): string;
