// SPDX-License-Identifier: Apache-2.0
import { describeRoll, RollStage, rollOf } from "./chaos/rolls";

const octet = 96;

for (const schedules of [[rollOf(5, 3), rollOf(8, 3)], [rollOf(10, 5)]]) {
  const size = schedules[0]?.size ?? 3;

  describe(`a change of ${size} masters that fails halfway, with members that die meanwhile`, function () {
    this.timeout(1_200_000);
    const stage = new RollStage(size, octet);

    before(() => stage.open());
    after(() => stage.close());

    for (const schedule of schedules) it(describeRoll(schedule), () => stage.play(schedule));
  });
}
