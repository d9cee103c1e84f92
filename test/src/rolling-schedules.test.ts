// SPDX-License-Identifier: Apache-2.0
import { describeRoll, RollStage, rollOf } from "./chaos/rolls";

const octet = 96;

for (const schedule of [rollOf(5, 3), rollOf(10, 5)]) {
  describe(`a change of ${schedule.size} masters that fails halfway, with members that die meanwhile`, function () {
    this.timeout(1_200_000);
    const stage = new RollStage(schedule.size, octet);

    before(() => stage.open());
    after(() => stage.close());

    it(describeRoll(schedule), () => stage.play(schedule));
  });
}
