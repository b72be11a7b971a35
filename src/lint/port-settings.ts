/**
 * Settings that applications read from the environment, and that a Service of the application's own name sets to something else.
 * In: an image. Out: the variables. Only what the applications' authors or users have reported: with `tcp://…` in one of these,
 * the container does not start.
 */

interface PortSetting {
  /** The last parts of an image's name. */
  readonly image: string;
  /** A name, or the beginning of names where it ends in `_`. */
  readonly variable: string;
  readonly says: string;
}

const SETTINGS: readonly PortSetting[] = [
  { image: 'authelia/authelia', variable: 'AUTHELIA_', says: 'refuses settings that it does not know' },
  { image: 'cerebro', variable: 'CEREBRO_PORT', says: 'ends with "Invalid HTTP port"' },
  { image: 'confluentinc/cp-kafka', variable: 'KAFKA_PORT', says: 'ends with "port is deprecated"' },
  { image: 'confluentinc/cp-server', variable: 'KAFKA_PORT', says: 'ends with "port is deprecated"' },
  { image: 'kibana', variable: 'SERVER_PORT', says: 'expects a number' },
  { image: 'langflow', variable: 'LANGFLOW_PORT', says: 'expects a number' },
  { image: 'n8n', variable: 'N8N_PORT', says: 'expects a number' },
  { image: 'paperless-ngx', variable: 'PAPERLESS_PORT', says: 'expects a number' },
  { image: 'spoolman', variable: 'SPOOLMAN_PORT', says: 'expects a number' },
  { image: 'wurstmeister/kafka', variable: 'KAFKA_PORT', says: 'expects a number' },
];

export function portSettings(image: string): readonly PortSetting[] {
  const parts = image
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
    .split('/');
  return SETTINGS.filter((setting) => {
    const wanted = setting.image.split('/');
    return parts.slice(-wanted.length).join('/') === setting.image;
  });
}

export function isSetting({ variable }: PortSetting, name: string): boolean {
  return variable.endsWith('_') ? name.startsWith(variable) : name === variable;
}
