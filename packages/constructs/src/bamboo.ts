// SPDX-License-Identifier: Apache-2.0
export { Service, type ServiceArgs } from "./resources/bamboo-service";
