// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import { isSecretName, secretPropertyPaths } from "./secret-values";

describe("a name", () => {
  it("is a secret's when one of its words says so", () => {
    const names = [
      ...[
        "PASSWORD",
        "DB_PASSWORD",
        "PGPASSWORD",
        "dbPassword",
        "mysql.root.passwd",
        "SMTP_PASS",
        "REDIS_PWD",
      ],
      ...["CLIENT_SECRET", "SECRET_KEY_BASE", "GITHUB_TOKEN", "authToken", "API_KEY", "apiKey", "APIKEY"],
      ...["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "PRIVATE_KEY", "SESSION_COOKIE", "CREDENTIALS"],
    ];
    deepEqual(
      names.filter((name) => !isSecretName(name)),
      [],
    );
  });

  it("is none's when it only tells something about one, or nothing", () => {
    const names = [
      ...["PATH", "HOST", "KEY", "KEYSPACE", "PRIMARY_KEY", "PASSENGER_PORT", "COMPASS", "MONKEY", "BYPASS"],
      ...["PASSWORD_FILE", "TOKEN_TTL", "PASSWORD_MIN_LENGTH", "SECRET_NAME", "tokenTimeout", "SPIN", ""],
    ];
    deepEqual(
      names.filter((name) => isSecretName(name)),
      [],
    );
  });
});

describe("secrets in a document", () => {
  it("are found by the names of variables and labels, by Docker's --env, and by what they look like", () => {
    deepEqual(
      secretPropertyPaths({
        appId: "/password",
        cmd: "exec curl https://me:hunter2@files/x",
        env: {
          "db.PASSWORD": "x",
          HOST: "x",
          URL: "postgres://u:p@db/x",
          EMPTY_TOKEN: "",
          TOKEN: { secret: "t" },
        },
        labels: {
          HAPROXY_0_PASSWORD: "x",
          url: "https://example.com/a:b@c",
          header: "Authorization: Basic dTpwYXNz",
        },
        secrets: { t: { source: "path" } },
        container: {
          docker: {
            parameters: [
              { key: "env", value: "API_TOKEN=x" },
              { key: "hostname", value: "token" },
            ],
          },
        },
        containers: [{ environment: { CERT: "-----BEGIN RSA PRIVATE KEY-----\nx" } }],
      }),
      [
        "cmd",
        'env["db.PASSWORD"]',
        "env.URL",
        "labels.HAPROXY_0_PASSWORD",
        "labels.header",
        "container.docker.parameters[0].value",
        "containers[0].environment.CERT",
      ],
    );
  });
});
