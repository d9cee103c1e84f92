// SPDX-License-Identifier: Apache-2.0
export { type ContainerProgram, type DockerDistribution, simulator } from "./distribution";
export { DockerPlatform, type DockerPlatformArgs } from "./docker-platform";
export { apache, clusterd, type MesosImages } from "./real-mesos";
