// SPDX-License-Identifier: Apache-2.0

/** The stack under test: a web app that waits for its database, deployed through Marathon's HTTP API. Yours comes here. */
export async function deploy(marathon: string, release: string): Promise<void> {
  const task = { cpus: 0.1, mem: 32, cmd: "exec my-server", env: { RELEASE: release }, backoffSeconds: 1 };
  const response = await fetch(`${marathon}/v2/groups/shop`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      apps: [
        { ...task, id: "/shop/db", instances: 1 },
        {
          ...task,
          id: "/shop/web",
          instances: 3,
          dependencies: ["/shop/db"],
          upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 },
        },
      ],
    }),
  });
  if (response.status >= 500) return await deploy(marathon, release); // Marathon was busy: once more
  if (!response.ok) throw new Error(`marathon answered ${response.status}: ${await response.text()}`);
}
