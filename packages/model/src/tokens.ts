// SPDX-License-Identifier: Apache-2.0

/** Type tokens of the plugin's resources. They are public API: a change needs an alias and an upgrade test. */
export const resourceTokens = {
  app: "mesos:marathon:App",
  group: "mesos:marathon:Group",
  pod: "mesos:marathon:Pod",
  release: "mesos:marathon:Release",
  bambooService: "mesos:bamboo:Service",
  agentPool: "mesos:index:AgentPool",
  ensemble: "mesos:index:Ensemble",
  leave: "mesos:index:Leave",
  quota: "mesos:index:Quota",
  ready: "mesos:index:Ready",
  process: "mesos:local:Process",
  volume: "mesos:local:Volume",
} as const;

/** Tokens of the plugin's functions. */
export const functionTokens = {
  getEnsemble: "mesos:index:getEnsemble",
  getApp: "mesos:marathon:getApp",
  getApps: "mesos:marathon:getApps",
  getGroup: "mesos:marathon:getGroup",
  getInfo: "mesos:marathon:getInfo",
  getPod: "mesos:marathon:getPod",
} as const;

/** The package's name and version. */
export const packageName = "mesos";
export const packageVersion = "0.1.0";
/** Where an engine downloads the plugin when npm did not bring it. */
export const pluginDownloadURL = "github://api.github.com/pulumi-mesos/pulumi-mesos";
