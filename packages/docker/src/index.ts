// SPDX-License-Identifier: Apache-2.0
export {
  apache,
  type ContainerProgram,
  clusterd,
  type DockerDistribution,
  type MesosImages,
  simulator,
} from "./distribution";
export { DockerPlatform, type DockerPlatformArgs } from "./docker-platform";
