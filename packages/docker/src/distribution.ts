// SPDX-License-Identifier: Apache-2.0
import { containers } from "pulumi-mesos";

export type ContainerProgram = containers.ContainerProgram;
export type MesosImages = containers.MesosImages;

/** Which image serves each program, and within which limits. */
export type DockerDistribution = containers.ContainerDistribution;

export const { simulator, apache, clusterd } = containers;
