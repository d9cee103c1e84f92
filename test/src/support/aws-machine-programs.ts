// SPDX-License-Identifier: Apache-2.0

/** Where our user data lays things on a machine. */
export const places = /\/(?:opt|run|etc|var\/lib)\/pulumi-mesos/g;

/** A read of a secret by the machine's role, whose text names places on the machine; files in S3 are for AWS's own command. */
const awsProgram = `#!/usr/bin/env node
const name = process.argv[process.argv.indexOf("--name") + 1];
if (process.argv[2] === "s3api")
  process.exit(require("node:child_process").spawnSync(process.env.AWS_COMMAND, process.argv.slice(2), { stdio: "inherit" }).status);
if (process.argv[2] !== "ssm") process.exit(0);
const day = "20200101/" + process.env.AWS_REGION + "/ssm/aws4_request";
fetch(process.env.MOTO, {
  method: "POST",
  headers: {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "AmazonSSM.GetParameter",
    authorization: "AWS4-HMAC-SHA256 Credential=test/" + day + ", SignedHeaders=host, Signature=0",
  },
  body: JSON.stringify({ Name: name, WithDecryption: true }),
}).then((answer) => answer.json()).then(({ Parameter, ...failure }) => {
  if (Parameter === undefined) throw new Error(name + ": " + JSON.stringify(failure));
  const text = Buffer.from(Parameter.Value, "base64").toString("latin1"); // also of what is no text
  const placed = text.replace(${places}, (place) => process.env.MACHINE + place);
  console.log(Buffer.from(placed, "latin1").toString("base64"));
});
`;

/** Programs of a machine that stand in for those of Amazon Linux, by their names. */
export const machinePrograms: Readonly<Record<string, string>> = {
  aws: awsProgram,
  docker: `#!/bin/sh
[ "$1" = run ] || exit 0
shift
while :; do
  case "$1" in
    --rm | --init) shift ;;
    --entrypoint) entry="$2"; shift 2 ;;
    --*) shift 2 ;;
    *) break ;;
  esac
done
shift
exec env -i PATH="$PROGRAMS" HOME="$MACHINE" AWS_ENDPOINT_URL="$AWS_ENDPOINT_URL" \\
  AWS_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" AWS_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY" "$entry" "$@"
`,
  curl: `#!/bin/sh
case "$*" in
  *local-ipv4*) echo "$ADDRESS" ;;
  *availability-zone*) echo "$ZONE" ;;
  *api/token*) echo token ;;
esac
`,
};
