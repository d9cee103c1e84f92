// SPDX-License-Identifier: Apache-2.0

import type { ComparisonOperator, Statistic } from "@aws-sdk/client-cloudwatch";
import {
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  type Change,
  ChangeResourceRecordSetsCommand,
  ChangeTagsForResourceCommand,
  CreateHostedZoneCommand,
  DeleteHostedZoneCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type RRType,
  type VPCRegion,
} from "@aws-sdk/client-route-53";
import {
  DeleteParameterCommand,
  GetParameterCommand,
  type ParameterTier,
  type ParameterType,
  PutParameterCommand,
} from "@aws-sdk/client-ssm";
import type * as cloudwatch from "@pulumi/aws/cloudwatch";
import type * as route53 from "@pulumi/aws/route53";
import type * as ssm from "@pulumi/aws/ssm";
import { first, type Plain, type } from "../resource-type";
import { tagList } from "../tags";

type Named = Plain<route53.RecordArgs>;

function record(action: Change["Action"], { zoneId, name, type, ttl, records = [] }: Named) {
  const set = {
    Name: name,
    Type: type as RRType,
    TTL: ttl,
    ResourceRecords: records.map((Value) => ({ Value })),
  };
  return new ChangeResourceRecordSetsCommand({
    HostedZoneId: zoneId,
    ChangeBatch: { Changes: [{ Action: action, ResourceRecordSet: set }] },
  });
}

function parameter(inputs: Plain<ssm.ParameterArgs>) {
  return {
    Name: inputs.name,
    Type: inputs.type as ParameterType,
    Tier: inputs.tier as ParameterTier,
    Value: inputs.value,
  };
}

function alarm(inputs: Plain<cloudwatch.MetricAlarmArgs>, name: string) {
  return {
    AlarmName: name,
    AlarmDescription: inputs.alarmDescription,
    Namespace: inputs.namespace,
    MetricName: inputs.metricName,
    Dimensions: Object.entries(inputs.dimensions ?? {}).map(([Name, Value]) => ({ Name, Value })),
    Statistic: inputs.statistic as Statistic,
    ComparisonOperator: inputs.comparisonOperator as ComparisonOperator,
    Threshold: inputs.threshold,
    Period: inputs.period,
    EvaluationPeriods: inputs.evaluationPeriods,
    AlarmActions: inputs.alarmActions as string[],
  };
}

/** Names, secrets and alarms of members. */
export const names = {
  "aws:route53/zone:Zone": type<route53.ZoneArgs>()({
    service: "route53",
    aside: ["forceDestroy"],
    make: ({ name, comment, vpcs = [] }) =>
      new CreateHostedZoneCommand({
        Name: name,
        CallerReference: `${name} ${process.hrtime.bigint()}`,
        HostedZoneConfig: { Comment: comment, PrivateZone: vpcs.length > 0 },
        VPC: vpcs.map(({ vpcId, vpcRegion }) => ({ VPCId: vpcId, VPCRegion: vpcRegion as VPCRegion }))[0],
      }),
    id: ({ HostedZone }) => HostedZone?.Id?.split("/").at(-1),
    finish: ({ tags }, id) => [
      new ChangeTagsForResourceCommand({
        ResourceType: "hostedzone",
        ResourceId: id,
        AddTags: tagList(tags),
      }),
    ],
    look: (Id) => new GetHostedZoneCommand({ Id }),
    see: ({ HostedZone, VPCs = [] }, zoneId) =>
      HostedZone && {
        zoneId,
        name: HostedZone.Name?.replace(/\.$/, ""),
        comment: HostedZone.Config?.Comment,
        vpcs: VPCs.map(({ VPCId = "", VPCRegion }) => ({ vpcId: VPCId, vpcRegion: VPCRegion })),
      },
    unmake: (Id) => [new DeleteHostedZoneCommand({ Id })],
  }),
  "aws:route53/record:Record": type<route53.RecordArgs>()({
    service: "route53",
    make: (inputs) => record("CREATE", inputs),
    id: (_made, { zoneId, name, type }) => `${zoneId}_${name}_${type}`,
    look: (_id, { zoneId, name, type }) =>
      new ListResourceRecordSetsCommand({
        HostedZoneId: zoneId,
        StartRecordName: name,
        StartRecordType: type as RRType,
        MaxItems: 1,
      }),
    see: ({ ResourceRecordSets }, _id, { name, type }) => {
      const found = ResourceRecordSets?.[0];
      if (found?.Name?.replace(/\.$/, "") !== name || found?.Type !== type) return undefined;
      return { ttl: found.TTL, records: found.ResourceRecords?.map(({ Value = "" }) => Value) };
    },
    unmake: (_id, state) => [record("DELETE", state)],
  }),
  "aws:ssm/parameter:Parameter": type<ssm.ParameterArgs>()({
    service: "ssm",
    make: (inputs) => new PutParameterCommand({ ...parameter(inputs), Tags: tagList(inputs.tags) }),
    id: (_made, { name }) => name,
    look: (id) => new GetParameterCommand({ Name: id, WithDecryption: true }),
    see: ({ Parameter }) =>
      Parameter && {
        type: Parameter.Type,
        value: Parameter.Value,
        version: Parameter.Version,
        arn: Parameter.ARN,
      },
    changes: ["value"],
    change: (inputs) => [new PutParameterCommand({ ...parameter(inputs), Overwrite: true })],
    unmake: (id) => [new DeleteParameterCommand({ Name: id })],
  }),
  "aws:cloudwatch/metricAlarm:MetricAlarm": type<cloudwatch.MetricAlarmArgs>()({
    service: "cloudWatch",
    named: true,
    make: (inputs, name) => new PutMetricAlarmCommand({ ...alarm(inputs, name), Tags: tagList(inputs.tags) }),
    id: (_made, { name }) => name,
    look: (id) => new DescribeAlarmsCommand({ AlarmNames: [id] }),
    see: ({ MetricAlarms }) =>
      first(MetricAlarms, (seen) => ({
        metricName: seen.MetricName,
        dimensions: Object.fromEntries((seen.Dimensions ?? []).map(({ Name, Value }) => [Name, Value])),
        threshold: seen.Threshold,
        period: seen.Period,
        evaluationPeriods: seen.EvaluationPeriods,
        alarmActions: seen.AlarmActions,
      })),
    changes: ["dimensions"],
    change: (inputs, id) => [new PutMetricAlarmCommand(alarm(inputs, id))],
    unmake: (id) => [new DeleteAlarmsCommand({ AlarmNames: [id] })],
  }),
};
