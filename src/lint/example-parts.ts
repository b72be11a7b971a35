/** Manifests that several examples have beside what they show. In: nothing. Out: texts that no rule finds fault with. */

/** Selected by `app: web`; listens on 8080, as port `http`. */
export const WEB_DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: example.com/web
          ports:
            - {name: http, containerPort: 8080}
          readinessProbe: {httpGet: {path: /ready, port: http}}
`;

/** `app: web`, too, but one Pod a node. */
export const WEB_DAEMON_SET = WEB_DEPLOYMENT.replace('kind: Deployment', 'kind: DaemonSet');
