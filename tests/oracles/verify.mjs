// Run with the folder that holds the packages: reads cases as JSON from standard input, and prints for each whether
// the provider's own library accepts it.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const folder = process.argv[2];
const require = createRequire(join(folder, "here.js"));
const load = (path) => import(pathToFileURL(join(folder, "node_modules", path)));

const { verify } = await load("@octokit/webhooks-methods/dist-node/index.js");
const { LinearWebhookClient } = await load("@linear/sdk/dist/webhooks/index.mjs");
const { validateFactory } = require("./node_modules/@shopify/shopify-api/dist/cjs/lib/webhooks/validate.js");
require("./node_modules/@shopify/shopify-api/dist/cjs/adapters/web-api/index.js");

const request = ({ url, headers, body }) => new Request(url, { method: "POST", headers, body });

const accepts = {
  github: ({ secret, headers, body }) => verify(secret, body, headers["x-hub-signature-256"]),
  linear: async (one) => (await new LinearWebhookClient(one.secret).createHandler()(request(one))).status === 200,
  shopify: async (one) => {
    const config = { apiSecretKey: one.secret, logger: { level: -1, log() {} } };
    return (await validateFactory(config)({ rawBody: one.body, rawRequest: request(one) })).valid;
  },
};

const answers = [];
for (const one of JSON.parse(readFileSync(0, "utf8"))) {
  answers.push(await Promise.resolve(accepts[one.provider](one)).catch(() => false));
}
console.log(JSON.stringify(answers));
