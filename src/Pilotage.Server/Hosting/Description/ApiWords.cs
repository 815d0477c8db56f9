using Pilotage.Server.Access;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric;
using Pilotage.Server.Fabric.Agreements;
using Pilotage.Server.Fabric.Doors;
using Pilotage.Server.Fabric.Events;
using Pilotage.Server.Fabric.Hierarchy;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fabric.Findings;
using Pilotage.Server.Fabric.Pipelines;
using Pilotage.Server.Fabric.Prometheus;
using Pilotage.Server.Fabric.Query;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fabric.Sources;
using Pilotage.Server.Fabric.Sql;
using Pilotage.Server.Fabric.Unmapped;
using Pilotage.Server.Fleet;
using Pilotage.Server.Models.Artifacts;
using Pilotage.Server.Models.Datasets;
using Pilotage.Server.Models.Packages;
using Pilotage.Server.Models.Registry;
using Pilotage.Server.Models.Training;
using Pilotage.Server.Portfolio;
using Pilotage.Server.Rollouts;

namespace Pilotage.Server.Hosting.Description;

/// <summary>What the API document says of one operation beyond what its route tells.</summary>
/// <param name="Id">The name generated clients give it; never changes.</param>
/// <param name="Answer">The type of the answer; null where it is not JSON or empty.</param>
/// <param name="Status">The status of success.</param>
/// <param name="Media">The media type of the answer.</param>
/// <param name="MayBeNew">It heeds <c>If-None-Match: *</c>.</param>
/// <param name="Problem">How errors look to the clients of another product that it speaks to; null for problems of RFC 9457.</param>
/// <param name="Body">The media type of a body that is read as it comes; a form takes <paramref name="Parameters"/>.</param>
/// <param name="Parameters">Names of parameters that the route reads by itself, those that it needs with a <c>!</c> behind them.</param>
internal sealed record ApiWords(
    string Method, string Path, string Id, string Summary, Type? Answer, int Status = 200, string Media = "application/json", bool MayBeNew = false,
    Type? Problem = null, string? Body = null, params IReadOnlyList<string> Parameters)
{
    public const string Form = "application/x-www-form-urlencoded";
    private const string Get = "GET";
    private const string Post = "POST";
    private const string Put = "PUT";
    private const string Delete = "DELETE";
    private const string Pem = "application/x-pem-file";
    private const string Stream = "text/event-stream";

    /// <summary>All of them, in one place, because whoever reads them reads them as one document. A test holds them against the routes.</summary>
    public static IReadOnlyList<ApiWords> All { get; } =
    [
        new(Get, "healthz/ready", "getReadiness", "Says whether the server can do its work, and which dependency cannot.", typeof(Observation.HealthReport)),

        new(Post, "api/v1/backups", "takeBackup", "Takes a backup of the whole server while it runs, as a tar archive; one at a time.", null, Media: Backup.BackupForm.Media),

        new(Get, "api/v1/whoami", "getWhoAmI", "Says who the caller is.", typeof(AccessModule.WhoAmI)),
        new(Post, "api/v1/sign-in-links", "createSignInLink", "Makes a link that signs a browser in, once.", typeof(SignInLink)),
        new(Get, "api/v1/people", "listPeople", "Lists people with their roles.", typeof(IReadOnlyList<Person>)),
        new(Put, "api/v1/people/{id}", "putPerson", "Adds a person, or changes name and roles.", typeof(Person), MayBeNew: true),
        new(Delete, "api/v1/people/{id}", "deletePerson", "Takes a person away; recorded votes and verdicts stay.", null, 204),
        new(Get, "api/v1/audit", "listAudit", "Lists who did what, newest first.", typeof(IReadOnlyList<AuditRecord>)),
        new(Get, "api/v1/audit/verification", "verifyAudit", "Walks the audit chain; refused when a record was edited.", typeof(AuditHead)),
        new(Get, "api/v1/authority", "getAuthority", "The certificate of the server's authority.", null, Media: Pem),
        new(Get, "api/v1/signing-key", "getSigningKey", "The public key that verifies releases, baselines and votes.", null, Media: Pem),

        new(Get, "api/v1/devices", "listDevices", "Lists devices by path, a page at a time.", typeof(DeviceEndpoints.DevicePage)),
        new(Get, "api/v1/devices/{id}", "getDevice", "Shows one device, by id, path or name.", typeof(DeviceEndpoints.DeviceView)),
        new(Post, "api/v1/devices/{id}/attachment", "attachDevice", "Puts a device behind an edge, or takes it away from there.", typeof(DeviceEndpoints.DeviceView)),
        new(Post, "api/v1/devices/{id}/revocation", "revokeDevice", "Revokes a device's certificate and cuts its connection.", null, 204),
        new(Delete, "api/v1/devices/{id}", "deleteDevice", "Takes a device away that holds no certificate and is in no running rollout; what it sent stays stored.", typeof(FabricEndpoints.DeletedView)),
        new(Post, "api/v1/devices/{id}/restoration", "restoreDevice", "Gives a one-time code for a revoked device; its old certificates stay refused.", typeof(EnrolmentEndpoints.EnrolmentView)),
        new(Post, "api/v1/enrolments", "createEnrolments", "Declares devices and gives a one-time code for each.", typeof(EnrolmentEndpoints.EnrolmentPage)),
        new(Post, "api/v1/enroll", "enroll", "Trades a one-time code and a signing request for a certificate.", typeof(EnrolmentEndpoints.EnrolledView)),

        new(Get, "api/v1/devices/{id}/series", "listSeries", "Lists the series of a device with their last values.", typeof(SeriesEndpoints.SeriesList)),
        new(Get, "api/v1/devices/{id}/series/{property}", "getSeries", "Reads one series, decimated to the points asked for.", typeof(SeriesEndpoints.SeriesData)),
        new(Get, "api/v1/series", "listAllSeries", "Lists the series of many devices with their last values, a page at a time.", typeof(SeriesEndpoints.SeriesPage)),
        new(Get, "api/v1/series/latest", "latestValues", "The last values of many devices, those of one message together.", typeof(LatestAnswer.LatestPage)),
        new(Get, "api/v1/series/aggregates", "aggregateSeries", "Sums one property of many devices up by windows and groups; the first of many by rank.", typeof(AggregateEndpoint.AggregateView)),
        new(Get, "api/v1/series/join", "joinSeries", "Several series at the times of the first: each with its latest value at or before.", typeof(JoinEndpoint.JoinView)),
        new(Get, "api/v1/series/correlation", "correlateSeries", "How one series goes with another, or with all that a search finds, over lags; the strongest first.", typeof(CorrelationEndpoint.CorrelationView)),
        new(Delete, "api/v1/devices/{id}/series", "deleteSeries", "Deletes points of a device that are stored by now, by property and time; what arrives later is new.", typeof(SeriesDeletion.DeletedView)),
        new(Get, "api/v1/series/export", "exportSeries", "Sends series of one or many devices as a table of CSV or Parquet, as it is read.", null, Media: "text/csv"),
        new(Post, "api/v1/sql", "querySql", "Answers a question in the SQL of pipelines over what is stored; rows come as they are found, as JSON or CSV.", typeof(SqlEndpoint.SqlView)),
        new(Get, "api/v1/series/quality", "listSeriesQuality", "How well series come in: a score, and what is wrong since when; all by pages, or the worst.", typeof(QualityEndpoint.QualityPage)),
        new(Get, "api/v1/pipelines", "listPipelines", "Lists the pipelines that run on the server and how they stand.", typeof(PipelineList)),
        new(Get, "api/v1/pipelines/{name}", "showPipeline", "A pipeline: its text, its steps with rows a second and sizes of state, its versions.", typeof(PipelineView)),
        new(Put, "api/v1/pipelines/{name}", "applyPipeline", "Runs a text from now on, in the place of the version before, whose windows it goes on with where its steps compute the same.", typeof(PipelineView), MayBeNew: true),
        new(Delete, "api/v1/pipelines/{name}", "deletePipeline", "Ends a pipeline and forgets its state; what it put out stays.", typeof(PipelineRow)),
        new(Post, "api/v1/pipelines/{name}/preview", "previewPipeline", "What applying a text would read, put out and take over.", typeof(PipelinePreview)),
        new(Post, "api/v1/pipelines/{name}/pause", "pausePipeline", "Runs a pipeline no more until it is resumed.", typeof(PipelineRow)),
        new(Post, "api/v1/pipelines/{name}/resume", "resumePipeline", "Runs a pipeline again, from where it was; what came meanwhile is read from the store.", typeof(PipelineRow)),
        new(Post, "api/v1/pipelines/{name}/replay", "replayPipeline", "What a pipeline would have put out over a time of history, as lines of JSON; nothing is stored.", null, Media: "application/x-ndjson"),
        new(Get, "api/v1/retention", "listRetention", "Lists the rules of how long points are kept, and how they were followed last.", typeof(RetentionEndpoints.RetentionList)),
        new(Put, "api/v1/retention/{name}", "putRetention", "Says how long points of some series are kept, and what outlives them; followed from the next sweep on.", typeof(RetentionEndpoints.RetentionRow), MayBeNew: true),
        new(Delete, "api/v1/retention/{name}", "deleteRetention", "Takes a rule away; what it governed is kept by another one, or for good.", typeof(RetentionEndpoints.RetentionRow)),
        new(Post, "api/v1/retention/{name}/preview", "previewRetention", "What a sweep would delete, were this a rule.", typeof(RetentionEndpoints.RetentionPreview)),
        new(Post, "api/v1/retention/sweep", "sweepRetention", "Follows the rules now instead of within the hour.", typeof(RetentionEndpoints.SweepView)),
        new(Get, "api/v1/things", "listThings", "Lists the thing types that are described, a page at a time.", typeof(ThingEndpoints.ThingPage)),
        new(Get, "api/v1/things/{thing}", "getThing", "Shows a thing type: its properties with unit, quantity and meaning.", typeof(ThingEndpoints.ThingView)),
        new(Get, "api/v1/things/{thing}/description", "getThingDescription", "The description of a thing type as it came.", null, Media: "application/td+json"),
        new(Put, "api/v1/things/{thing}/description", "putThingDescription", "Describes a thing type by a W3C thing description or thing model.", typeof(ThingEndpoints.ThingRow), MayBeNew: true),
        new(Get, "api/v1/contracts", "listContracts", "Lists the contracts of thing types.", typeof(ContractEndpoints.ContractPage)),
        new(Get, "api/v1/contracts/violations", "listViolations", "What broke a contract since the server started, or does now, with the last example.", typeof(ContractEndpoints.ViolationPage)),
        new(Post, "api/v1/contracts/check", "checkContract", "Reads a contract and says what is wrong with it; nothing is kept.", typeof(ContractEndpoints.CheckedView)),
        new(Get, "api/v1/things/{thing}/contract", "getContract", "The contract of a thing type as it came.", null, Media: "application/yaml"),
        new(Put, "api/v1/things/{thing}/contract", "putContract", "Says what devices of a thing type have to send; in force at once.", typeof(ContractEndpoints.ContractRow), MayBeNew: true),
        new(Delete, "api/v1/things/{thing}/contract", "deleteContract", "Takes a contract away; what is kept apart stays.", null, 204),
        new(Get, "api/v1/assets", "listAssets", "Lists the assets of the plant by name, with their level and what they are part of.", typeof(AssetEndpoints.AssetPage)),
        new(Post, "api/v1/assets/import", "importAssets", "Adds or changes assets and relations out of one document, all or none.", typeof(AssetEndpoints.AssetCountsView)),
        new(Get, "api/v1/assets/{name}", "getAsset", "Shows one asset, what it is part of, and its relations.", typeof(AssetEndpoints.AssetView)),
        new(Put, "api/v1/assets/{name}", "putAsset", "Adds an asset, or changes its level, title or what it is part of.", typeof(AssetEndpoints.AssetView)),
        new(Delete, "api/v1/assets/{name}", "deleteAsset", "Takes an asset away that nothing refers to.", null, 204),
        new(Get, "api/v1/relations", "listRelations", "Lists relations between assets and devices: part-of, feeds, measures.", typeof(AssetEndpoints.RelationPage)),
        new(Post, "api/v1/relations", "addRelation", "Relates an asset or a device to another.", typeof(AssetEndpoints.AssetCountsView)),
        new(Delete, "api/v1/relations", "deleteRelation", "Takes one relation away.", typeof(AssetEndpoints.RelationRow)),
        new(Get, "api/v1/quarantine", "listQuarantine", "Lists points that broke a contract and are kept apart.", typeof(QuarantineEndpoints.HeldPage)),
        new(Post, "api/v1/quarantine/release", "releaseQuarantine", "Stores points that were kept apart in their series.", typeof(QuarantineEndpoints.DecidedView)),
        new(Delete, "api/v1/quarantine", "discardQuarantine", "Discards points that were kept apart, for good.", typeof(QuarantineEndpoints.DecidedView)),
        new(Get, "api/v1/mappings", "listMappings", "Lists the mappings of foreign topics, each in the version in force.", typeof(MappingEndpoints.MappingList)),
        new(Get, "api/v1/mappings/{name}", "getMapping", "Shows the rules of a mapping in the order in which they are asked.", typeof(MappingEndpoints.MappingView)),
        new(Get, "api/v1/mappings/{name}/document", "getMappingDocument", "A mapping as it was sent, in the version in force or another one.", null, Media: "application/yaml"),
        new(Put, "api/v1/mappings/{name}/document", "putMapping", "Takes a mapping in YAML, in a version higher than the one that is there.", typeof(MappingEndpoints.MappingRow), MayBeNew: true),
        new(Delete, "api/v1/mappings/{name}", "deleteMapping", "Takes a mapping away, all versions of it; what it stored stays.", typeof(MappingEndpoints.MappingRemovedView)),
        new(Post, "api/v1/mappings/preview", "previewMapping", "Says what messages would become by a mapping; stores nothing.", typeof(MappingEndpoints.MappingPreviewView)),
        new(Get, "api/v1/unmapped", "listUnmapped", "Lists topics of foreign brokers that nothing maps, with samples and what they seem to be.", typeof(UnmappedEndpoints.UnmappedPage)),
        new(Get, "api/v1/unmapped/proposal", "proposeMapping", "Proposes a mapping for topics that nothing maps.", typeof(UnmappedEndpoints.ProposalView)),
        new(Get, "api/v1/dead-letters", "listDeadLetters", "Lists messages of foreign brokers that a rule takes and nobody can read, with the reason.", typeof(DeadLetterEndpoints.DeadLetterPage)),
        new(Post, "api/v1/dead-letters/retry", "retryDeadLetters", "Reads dead letters of a source by its mapping as it is now, and stores what can be read.", typeof(DeadLetterEndpoints.LettersDecidedView)),
        new(Delete, "api/v1/dead-letters", "discardDeadLetters", "Discards dead letters, for good.", typeof(DeadLetterEndpoints.LettersDecidedView)),
        new(Get, "api/v1/sources", "listSources", "Lists the foreign brokers that are read, and how each stands.", typeof(SourceEndpoints.SourceList)),
        new(Get, "api/v1/sources/{name}", "getSource", "Shows one foreign broker: connection, subscriptions, counts and lag.", typeof(SourceEndpoints.SourceView)),
        new(Put, "api/v1/sources/{name}", "putSource", "Reads a foreign MQTT broker by a mapping from now on.", typeof(SourceEndpoints.SourceView), MayBeNew: true),
        new(Delete, "api/v1/sources/{name}", "deleteSource", "Reads a foreign broker no more and ends the session there.", typeof(SourceEndpoints.SourceRemovedView)),
        new(Post, "api/v1/sources/{name}/pause", "pauseSource", "Reads a foreign broker no more until it is resumed; the session there stays.", typeof(SourceEndpoints.SourceView)),
        new(Post, "api/v1/sources/{name}/resume", "resumeSource", "Reads a foreign broker again that was paused.", typeof(SourceEndpoints.SourceView)),
        new(Post, "api/v1/sources/preview", "previewSource", "Listens to a foreign broker for some seconds and says what its messages would become; stores nothing.", typeof(SourceEndpoints.HeardView)),
        new(Get, "api/v1/devices/{id}/readiness", "getDeviceReadiness", "How ready the data of one device is, and why.", typeof(Fabric.Contracts.Readiness)),
        new(Get, "api/v1/readiness", "getFleetReadiness", "How ready the data of many devices is, and why.", typeof(Fabric.Contracts.Readiness)),
        new(Get, "api/v1/devices/{id}/events", "listDeviceEvents", "Lists the recorded events of a device, by type.", typeof(FabricEndpoints.EventPage)),
        new(Get, "api/v1/devices/{id}/timeline", "getDeviceTimeline", "What a device measured and what happened to it in one stretch of time: series thinned, events in order.", typeof(TimelineEndpoint.TimelineView)),
        new(Post, "api/v1/devices/{id}/events", "writeEvents", "Records events of a device, CloudEvents in binary, structured or batched mode, each once by source and id; answered once they are on disk.", typeof(EventDoor.RecordedView)),
        new(Post, "api/v1/devices/{id}/telemetry", "writeTelemetry", "Stores telemetry of a device: JSON, JSON lines, CSV, SenML in JSON or CBOR; answered once it is on disk.", typeof(TelemetryEndpoints.StoredView)),
        new(
            Post, "api/v2/write", "writeLines", "Stores lines of the line protocol, as clients of InfluxDB 2 send them; answered once they are on disk.", null, 204,
            Problem: typeof(InfluxEndpoints.ErrorView), Body: "text/plain"),
        new(Get, "ping", "pingInflux", "Says that there is a server that takes the line protocol.", null, 204, Problem: typeof(InfluxEndpoints.ErrorView)),
        new("HEAD", "ping", "pingInfluxHead", "Says that there is a server that takes the line protocol, without a body.", null, 204, Problem: typeof(InfluxEndpoints.ErrorView)),
        new(Get, "health", "getInfluxHealth", "Says whether the server takes the line protocol, as clients of InfluxDB ask it.", typeof(InfluxEndpoints.HealthView), Problem: typeof(InfluxEndpoints.ErrorView)),
        Prometheus(Get, "query", "queryPrometheus", "Answers a query of PromQL for one time.", "query!", "time", "timeout"),
        Prometheus(Post, "query", "queryPrometheusByForm", "Answers a query of PromQL for one time, asked by a form.", "query!", "time", "timeout"),
        Prometheus(Get, "query_range", "queryPrometheusRange", "Answers a query of PromQL for many times.", "query!", "start!", "end!", "step!", "timeout"),
        Prometheus(Post, "query_range", "queryPrometheusRangeByForm", "Answers a query of PromQL for many times, asked by a form.", "query!", "start!", "end!", "step!", "timeout"),
        Prometheus(Get, "series", "listPrometheusSeries", "Lists the series that selectors of PromQL find, by their labels.", "match[]!", "start", "end", "limit"),
        Prometheus(Post, "series", "listPrometheusSeriesByForm", "Lists the series that selectors of PromQL find, asked by a form.", "match[]!", "start", "end", "limit"),
        Prometheus(Get, "labels", "listPrometheusLabels", "Lists the labels of series.", "match[]", "start", "end", "limit"),
        Prometheus(Post, "labels", "listPrometheusLabelsByForm", "Lists the labels of series, asked by a form.", "match[]", "start", "end", "limit"),
        Prometheus(Get, "label/{name}/values", "listPrometheusLabelValues", "Lists the values of a label.", "match[]", "start", "end", "limit"),
        Prometheus(Get, "metadata", "listPrometheusMetrics", "Lists the metrics, each of an unknown kind.", "metric", "limit"),
        Prometheus(Get, "status/buildinfo", "getPrometheusBuild", "Says which version of the API of Prometheus is spoken."),
        new(Get, "api/v1/events", "watchEvents", "Streams what happens: telemetry, events, presence.", null, Media: Stream),
        new(Get, "api/v1/clients", "listClients", "Lists the gateway's sessions by client id, a page at a time, with their connections.", typeof(ClientEndpoints.ClientPage)),
        new(Get, "api/v1/devices/{id}/connection", "getDeviceConnection", "How a device reaches the gateway: its sessions, or its edge's.", typeof(ClientEndpoints.DeviceConnection)),
        new(Get, "api/v1/devices/{id}/trace", "traceDevice", "Streams every packet of a device for a time: type, identifier, QoS, size and reason, never the payload.", null, Media: Stream),
        new(Get, "api/v1/topics", "listTopics", "Counts the messages of every level of the topics since the server started.", typeof(MessageEndpoints.TopicTree)),
        new(Post, "api/v1/messages", "publishMessage", "Publishes in the name of a device; answered once it is stored.", typeof(MessageEndpoints.PublishedView)),
        new(Get, "api/v1/messages/live", "watchMessages", "Streams messages as they are stored, by a topic filter.", null, Media: Stream),
        new(Get, "api/v1/lineage", "walkLineage", "What a node came from (up) or led to (down).", typeof(FabricEndpoints.LineageView)),
        new(Get, "api/v1/lineage/verification", "verifyLineage", "Walks the lineage chain; refused when an edge was edited.", typeof(long)),
        new(Get, "api/v1/messages/account", "accountMessages", "Counts stored messages and digests them, per device.", typeof(FabricEndpoints.AccountView)),
        new(Get, "api/v1/messages/bad", "listBadMessages", "Lists messages that could not be read, with the reason.", typeof(FabricEndpoints.BadMessagePage)),

        new(Put, "api/v1/artifacts", "putArtifact", "Stores bytes and answers with their digest.", typeof(ArtifactEndpoints.ArtifactView)),
        new(Get, "api/v1/artifacts/{digest}", "getArtifact", "Reads bytes by digest, by range where asked.", null, Media: "application/octet-stream"),
        new(Post, "api/v1/packages", "createPackage", "Reads a use-case package; refused whole, with every fault at its place.", typeof(PackageEndpoints.PackageView)),
        new(Get, "api/v1/packages/{digest}", "getPackage", "Shows what was read out of a package.", typeof(PackageEndpoints.PackageView)),
        new(Post, "api/v1/datasets", "createDataset", "Cuts a dataset out of stored rows; its name is its digest.", typeof(DatasetEndpoints.DatasetView)),
        new(Get, "api/v1/datasets", "listDatasets", "Lists the datasets.", typeof(IReadOnlyList<DatasetEndpoints.DatasetView>)),
        new(Get, "api/v1/datasets/{reference}", "getDataset", "Shows the manifest of a dataset, by name@version or digest.", typeof(DatasetManifest)),
        new(Get, "api/v1/datasets/{reference}/columns", "listDatasetColumns", "Every column of a dataset with its unit and where it comes from: properties, features of the pipeline, labels.", typeof(DatasetEndpoints.ColumnsView)),
        new(Get, "api/v1/datasets/{name}/diff", "diffDatasets", "What changed between two versions of a dataset.", typeof(DatasetDiff)),
        new(Post, "api/v1/runs", "startRun", "Starts a training run.", typeof(TrainingEndpoints.RunStarted), 202),
        new(Get, "api/v1/runs", "listRuns", "Lists the training runs.", typeof(IReadOnlyList<TrainingRunView>)),
        new(Get, "api/v1/runs/{id}", "getRun", "Shows one training run with its progress and result.", typeof(TrainingRunView)),
        new(Get, "api/v1/models", "listModels", "Lists the registered model versions.", typeof(IReadOnlyList<ModelEndpoints.ModelView>)),
        new(Get, "api/v1/models/{name}", "getModel", "Lists the versions of one model.", typeof(IReadOnlyList<ModelEndpoints.ModelView>)),
        new(Get, "api/v1/models/{name}/versions/{version}", "getModelVersion", "Shows one model version with its signed statement.", typeof(ModelEndpoints.ModelView)),
        new(Post, "api/v1/models/{name}/versions/{version}/evaluations", "evaluateModelVersion", "Scores a model version on devices whose truth is given.", typeof(EvaluationReport)),

        new(Post, "api/v1/releases", "createRelease", "Binds artifacts by digest into a release and signs it.", typeof(RolloutEndpoints.ReleaseView), 201),
        new(Get, "api/v1/releases", "listReleases", "Lists the releases.", typeof(IReadOnlyList<RolloutEndpoints.ReleaseView>)),
        new(Get, "api/v1/releases/{id}", "getRelease", "Shows one release with its manifest.", typeof(RolloutEndpoints.ReleaseView)),
        new(Post, "api/v1/rollouts", "startRollout", "Offers a release to devices in waves.", typeof(RolloutView), 201),
        new(Get, "api/v1/rollouts", "listRollouts", "Lists the rollouts.", typeof(IReadOnlyList<RolloutEndpoints.SummaryView>)),
        new(Get, "api/v1/rollouts/{id}", "getRollout", "Shows one rollout: waves, guards, every device and why it stands there.", typeof(RolloutView)),
        new(Get, "api/v1/rollouts/{id}/watch", "watchRollout", "Streams every change of a rollout.", null, Media: Stream),
        new(Post, "api/v1/rollouts/{id}/stop", "stopRollout", "Halts a rollout and takes it back.", typeof(RolloutView)),
        new(Post, "api/v1/rollouts/{id}/resume", "resumeRollout", "Lets a paused rollout go on.", typeof(RolloutView)),
        new(Post, "api/v1/rollouts/{id}/retries", "retryRolloutDevice", "Offers the release to a failed device again.", typeof(RolloutView)),
        new(Put, "api/v1/brake", "putBrake", "Stops or frees all rollouts at once.", typeof(RolloutEndpoints.BrakeView)),

        new(Get, "api/v1/use-cases", "listUseCases", "Lists the use cases.", typeof(ItemList<UseCaseView>)),
        new(Post, "api/v1/use-cases", "createUseCase", "Takes a package that was posted before; a newer version keeps the stage.", typeof(UseCaseView)),
        new(Get, "api/v1/use-cases/{id}", "getUseCase", "Shows one use case.", typeof(UseCaseView)),
        new(Get, "api/v1/use-cases/{id}/evidence", "listEvidence", "Lists the evidence of every gate: value, needed, met, why.", typeof(ItemList<EvidenceItem>)),
        new(Get, "api/v1/use-cases/{id}/value", "getValue", "What the use case paid, with interval, assumptions and limits.", typeof(ValueReport)),
        new(Post, "api/v1/use-cases/{id}/outcome", "recordOutcome", "Measures the outcome and writes it into the ledger.", typeof(OutcomeLine)),
        new(Post, "api/v1/use-cases/{id}/baseline", "freezeBaseline", "Freezes and signs what the pilot is measured against.", typeof(BaselineView)),
        new(Get, "api/v1/use-cases/{id}/baseline", "getBaseline", "Shows the frozen baseline; refused when it was altered.", typeof(BaselineView)),
        new(Get, "api/v1/use-cases/{id}/ledger", "listLedger", "Lists the ledger; refused when a line was altered.", typeof(ItemList<LedgerLine>)),
        new(Get, "api/v1/use-cases/{id}/gates/{stage}", "checkGate", "Says whether a gate would open now, and what is missing.", typeof(GateView)),
        new(Post, "api/v1/use-cases/{id}/gates/{stage}/decide", "decideGate", "Casts the vote of a role; the gate opens when all is there.", typeof(GateDecision)),
        new(Get, "api/v1/alerts", "listAlerts", "Lists the alerts, newest first.", typeof(ItemList<Alert>)),
        new(Get, "api/v1/alerts/{id}", "getAlert", "Shows one alert with the latest verdict and the one before.", typeof(Alert)),
        new(Post, "api/v1/alerts/{id}/verdict", "judgeAlert", "Says whether an alert was right; it becomes a label, and an earlier verdict stays as previous.", typeof(Alert)),
        new(Get, "api/v1/alerts/{id}/verdicts", "listVerdicts", "Lists every verdict on an alert, newest first.", typeof(ItemList<Verdict>)),
    ];

    private static ApiWords Prometheus(string method, string path, string id, string summary, params IReadOnlyList<string> parameters) => new(
        method, $"prometheus/api/v1/{path}", id, summary, typeof(PromEndpoints.PromAnswerView), Problem: typeof(PromEndpoints.PromErrorView), Body: method == Post ? Form : null, Parameters: parameters);

    public static ApiWords? Of(string? method, string? path) => All.FirstOrDefault(words => words.Method == method && words.Path == path);
}
