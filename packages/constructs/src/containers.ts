// SPDX-License-Identifier: Apache-2.0
export {
  type ContainerDistribution,
  type ContainerProgram,
  containerEnvironment,
  simulator,
} from "./container-distribution";
export { apache, clusterd, type MesosImages } from "./container-mesos";
