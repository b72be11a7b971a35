/**
 * Says of what a node does where it was written: `web.yaml:12`. In: the places of objects, and how a place is found in its
 * file. Out: texts for people and for JSON, not yet made safe for a terminal.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import type { EndpointSource, ManifestPlace, ManifestPlaces } from '../proxy/manifest-places.ts';
import type { ServicePortInfo } from '../proxy/service-port.ts';
import type { FieldPath, Origin, Position } from '../shared/diagnostic.ts';

export interface ManifestLine {
  readonly file: string;
  readonly line: number;
}

export interface EndpointFacts {
  /** `namespace/name`; undefined where the endpoint is no Pod, or none is named. */
  readonly pod: string | undefined;
  readonly nodeName: string;
  readonly line: ManifestLine | undefined;
}

export interface ManifestLines {
  readonly at: (place: ManifestPlace | undefined) => ManifestLine | undefined;
  readonly servicePort: (servicePort: ServicePortInfo) => ManifestLine | undefined;
  /** @returns undefined for an address that is no endpoint of the service port. */
  readonly endpoint: (
    servicePort: ServicePortInfo,
    family: IPFamily,
    address: string,
  ) => EndpointFacts | undefined;
}

export type LocatePlace = (origin: Origin, path: FieldPath) => Position | undefined;

export function manifestLines(places: ManifestPlaces, locate: LocatePlace): ManifestLines {
  const known = new Map<string, ReadonlyMap<string, EndpointSource>>();
  const sourcesOf = (servicePort: ServicePortInfo, family: IPFamily) => {
    const key = `${family} ${servicePort.protocol} ${servicePort.name}`;
    const sources =
      known.get(key) ??
      new Map(places.endpoints(servicePort, family).map((source) => [source.address, source]));
    known.set(key, sources);
    return sources;
  };
  const at = (place: ManifestPlace | undefined): ManifestLine | undefined => {
    const position = place && locate(place.origin, place.path);
    return position && place && { file: place.origin.file, line: position.line };
  };
  return {
    at,
    servicePort: (servicePort) => at(places.servicePort(servicePort)),
    endpoint: (servicePort, family, address) => {
      const source = sourcesOf(servicePort, family).get(address);
      if (source === undefined) return undefined;
      const { pod, nodeName, place } = source;
      return { pod: pod && `${pod.namespace}/${pod.name}`, nodeName, line: at(place) };
    },
  };
}

/** `web.yaml:12`, or nothing. */
export function formatLine(line: ManifestLine | undefined): string {
  return line === undefined ? '' : `${line.file}:${line.line}`;
}
