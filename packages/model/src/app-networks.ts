// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { labels, literals, named, PortName, Protocol, port } from "./app-fields";

const networkName = (description: string) =>
  Type.String({
    minLength: 1,
    maxLength: 63,
    pattern: "^[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?$",
    must: "be letters, digits, dashes and underscores",
    description,
  });

/** A network that the tasks join (reference §1.4). */
export const Network = Type.Object(
  {
    mode: Type.Optional(
      literals(["container", "container/bridge", "host"], { description: "Defaults to container." }),
    ),
    name: Type.Optional(
      networkName("Name of a container network. Defaults to the server's --default_network_name."),
    ),
    labels: Type.Optional(labels("Labels for the network's plugin; not in host mode.")),
  },
  named("Network", "A network: one host, or one container/bridge, or one or more of mode container."),
);

/** A port of an app on the host network. */
export const PortDefinition = Type.Object(
  {
    port: Type.Optional(
      port("Service port; with requirePorts the host port, too. 0, the default, assigns one."),
    ),
    protocol: Type.Optional(Protocol),
    name: Type.Optional(PortName),
    labels: Type.Optional(labels("Labels of the port.")),
  },
  named("PortDefinition", "A port of an app on the host network."),
);

/** A port of an app on a bridge or container network. */
export const PortMapping = Type.Object(
  {
    containerPort: Type.Optional(
      port("Port in the container; 0, the default, takes the host port's number."),
    ),
    hostPort: Type.Optional(
      port(
        "Port on the agent; 0 assigns one. Defaults to 0 on the bridge, and to none on a container network.",
      ),
    ),
    servicePort: Type.Optional(port("Port for service discovery; Marathon assigns one for 0, the default.")),
    protocol: Type.Optional(Protocol),
    name: Type.Optional(PortName),
    labels: Type.Optional(labels("Labels of the port.")),
    networkNames: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: "Container networks that this port is for. Defaults to all.",
      }),
    ),
  },
  named("PortMapping", "A port of an app on a bridge or container network."),
);

/** The form of networks before Marathon 1.5. */
export const IpAddress = Type.Object(
  {
    networkName: Type.Optional(Type.String({ minLength: 1, description: "Name of the network." })),
    groups: Type.Optional(Type.Array(Type.String(), { description: "Dropped by Marathon since 1.5." })),
    labels: Type.Optional(labels("Labels for the network's plugin.")),
    discovery: Type.Optional(
      Type.Object(
        {
          ports: Type.Optional(
            Type.Array(
              Type.Object(
                {
                  number: Type.Optional(port("Port in the container. Defaults to 0.")),
                  name: PortName,
                  protocol: Type.Optional(Protocol),
                  labels: Type.Optional(labels("Labels of the port.")),
                },
                named("DiscoveryPort", "A port in the form before Marathon 1.5."),
              ),
            ),
          ),
        },
        named("IpDiscovery", "Ports of an app with an address a container."),
      ),
    ),
  },
  named("IpAddress", "Deprecated: use networks, and portMappings of the container."),
);
