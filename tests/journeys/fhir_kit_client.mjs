// Speaks to the node at SALUS_AT with fhir-kit-client, as a hospital's JavaScript would; prints what it met as one line.
import { Client } from "fhir-kit-client";

const client = new Client({ baseUrl: process.env.SALUS_AT, bearerToken: process.env.SALUS_TOKEN });
const MRN = "urn:salus:facility:H1:mrn";
const told = {};

const created = await client.create({ resourceType: "Patient", body: { resourceType: "Patient", gender: "male" } });
told.created = created.meta.versionId;
const read = await client.read({ resourceType: "Patient", id: created.id });
const updated = await client.update({ resourceType: "Patient", id: read.id, body: { ...read, gender: "female" } });
told.updated = updated.meta.versionId;

const jsonPatch = [{ op: "replace", path: "/gender", value: "other" }];
const patched = await client.patch({ resourceType: "Patient", id: read.id, jsonPatch });
told.patched = patched.meta.versionId;
told.versions = (await client.history({ resourceType: "Patient", id: read.id })).entry.length;

const once = { identifier: [{ system: MRN, value: "kit-1" }], resourceType: "Patient" };
const options = { headers: { "If-None-Exist": `identifier=${MRN}|kit-1` } };
for (const _ of [1, 2]) await client.create({ resourceType: "Patient", body: once, options });
const known = await client.search({ resourceType: "Patient", searchParams: { identifier: `${MRN}|kit-1` } });
told.conditional = known.entry.length === 1;

const observation = (day) => ({
  resourceType: "Observation",
  status: "final",
  code: { coding: [{ system: "http://loinc.org", code: "718-7" }] },
  subject: { reference: "urn:uuid:0" },
  effectiveDateTime: `2031-03-0${day}`,
});
const resources = [{ resourceType: "Patient" }, ...[1, 2, 3, 4, 5].map(observation)];
const entry = resources.map((resource, place) => ({
  fullUrl: `urn:uuid:${place}`,
  resource,
  request: { method: "POST", url: resource.resourceType },
}));
const done = await client.transaction({ body: { resourceType: "Bundle", type: "transaction", entry } });
const patient = done.entry[0].response.location.split("/_history")[0];

told.pages = told.matches = 0;
let bundle = await client.search({ resourceType: "Observation", searchParams: { patient, _count: 2 } });
while (bundle) {
  told.pages += 1;
  told.matches += bundle.entry.length;
  bundle = await client.nextPage({ bundle });
}

const about = { name: "everything", resourceType: "Patient", id: patient.split("/")[1], method: "GET" };
told.everything = (await client.operation(about)).entry.length;
const [, gone] = done.entry[1].response.location.split("/");
await client.delete({ resourceType: "Observation", id: gone });
await client.read({ resourceType: "Observation", id: gone }).catch((error) => (told.deleted = error.response.status));

told.refused = [];
const wrong = [
  () => client.search({ resourceType: "Observation", searchParams: { "shoe-size": "43" } }),
  () => client.read({ resourceType: "Patient", id: crypto.randomUUID() }),
];
for (const one of wrong) await one().catch((error) => told.refused.push(error.response.status));
told.token_endpoint = (await client.smartAuthMetadata()).tokenUrl?.href ?? null;
console.log(JSON.stringify(told));
