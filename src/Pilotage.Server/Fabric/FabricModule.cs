using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Pilotage.Broker;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Agreements;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Doors;
using Pilotage.Server.Fabric.Events;
using Pilotage.Server.Fabric.Export;
using Pilotage.Server.Fabric.Hierarchy;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Link;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fabric.Pipelines;
using Pilotage.Server.Fabric.Prometheus;
using Pilotage.Server.Fabric.Findings;
using Pilotage.Server.Fabric.Query;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fabric.Sources;
using Pilotage.Server.Fabric.Sql;
using Pilotage.Server.Fabric.Unmapped;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Hosting.Backup;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Broker, ingest, series, events, lineage.</summary>
public static class FabricModule
{
    /// <summary>Registers what the module is made of.</summary>
    public static IServiceCollection AddFabric(this IServiceCollection services) => services
        .AddMetrics()
        .AddSingleton(p => TimeSeriesStore.Open(
            p.GetRequiredService<DataFolder>().Series,
            new TimeSeriesOptions
            {
                HasRoomFor = p.GetRequiredService<DiskRoom>().HasRoomFor,
                CacheBytes = ProcessMemory.CacheBytesOf(p.GetRequiredService<ServerOptions>()),
            },
            p.GetRequiredService<TimeProvider>()))
        .AddBackedUp(p => p.GetRequiredService<TimeSeriesStore>().Freeze(DataFolder.SeriesFolder))
        .AddBackedUp(p => MqttBroker.Freeze(p.GetRequiredService<DataFolder>().Broker, DataFolder.BrokerFolder))
        .AddBackedUp(p => [.. BackedUp.FilesOf(p.GetRequiredService<DataFolder>().Files, null, name => name == QualityFile.Name)])
        .AddSingleton<SeriesStorage>()
        .AddSingleton<IStorage>(p => p.GetRequiredService<SeriesStorage>())
        .AddSingleton<IHealthCheck>(p => p.GetRequiredService<SeriesStorage>())
        .AddSingleton<EventStore>()
        .AddSingleton<IDomainEvents>(p => p.GetRequiredService<EventStore>())
        .AddSingleton<LiveFeed>()
        .AddSingleton<TopicBook>()
        .AddSingleton<StorageRefusals>()
        .AddSingleton<QualityWatch>()
        .AddSingleton<ContractStore>()
        .AddSingleton<ContractBook>()
        .AddSingleton<Quarantine>()
        .AddSingleton<Violations>()
        .AddSingleton<RateWindows>()
        .AddSingleton<ContractJudge>()
        .AddSingleton<StatedUnits>()
        .AddSingleton<Ingestion>()
        .AddSingleton<ILineage, Lineage>()
        .AddSingleton<ITelemetry, Telemetry>()
        .AddSingleton<ISeriesOrigins, SeriesOrigins>()
        .AddSingleton<MessageAccount>()
        .AddSingleton<TopicRights>()
        .AddSingleton<ForwardLanes>()
        .AddSingleton<ServerBrokerHooks>()
        .AddSingleton<BrokerHost>()
        .AddSingleton<OperatorMessages>()
        .AddSingleton<DoorLimits>()
        .AddSingleton<ExportLimits>()
        .AddSingleton<TimelineLimits>()
        .AddSingleton<SqlLimits>()
        .AddSingleton<SqlTables>()
        .AddSingleton<ThingStore>()
        .AddSingleton<ThingBook>()
        .AddSingleton<IThings, OfferedThings>()
        .AddSingleton<AssetStore>()
        .AddSingleton<AssetBook>()
        .AddSingleton<LinkRelations>()
        .AddSingleton<MappingStore>()
        .AddSingleton<MappingBook>()
        .AddSingleton<MappedDevices>()
        .AddSingleton<DeadLetters>()
        .AddSingleton<MappedMessages>()
        .AddSingleton<MappingPreview>()
        .AddSingleton<GatewayMappings>()
        .AddSingleton<UnmappedPublishes>()
        .AddSingleton<UnmappedBook>()
        .AddSingleton<IDeviceLink>(p => p.GetRequiredService<BrokerHost>())
        .AddSingleton<IListener>(p => p.GetRequiredService<BrokerHost>())
        .AddSingleton<IHealthCheck>(p => p.GetRequiredService<BrokerHost>())
        .AddSingleton<IStorage>(p => p.GetRequiredService<BrokerHost>())
        .AddSingleton<IHostedService>(p => p.GetRequiredService<BrokerHost>())
        .AddSingleton<LineBooks>()
        .AddSingleton<RollUps>()
        .AddSingleton<RetentionStore>()
        .AddSingleton<RetentionBook>()
        .AddSingleton<RetentionSweep>()
        .AddSingleton<IHostedService>(p => p.GetRequiredService<RetentionSweep>())
        .AddSingleton<PipelineStore>()
        .AddSingleton<PipelineReader>()
        .AddSingleton<PipelineMeters>()
        .AddSingleton<PipelineSites>()
        .AddSingleton<PipelineBook>()
        .AddSingleton<PipelineReplays>()
        .AddSingleton<IHostedService>(p => p.GetRequiredService<PipelineBook>())
        .AddSingleton<SourceStore>()
        .AddSingleton<SourceClients>()
        .AddSingleton<SourcePreview>()
        .AddSingleton<SourceBook>()
        .AddSingleton<IHostedService>(p => p.GetRequiredService<SourceBook>());

    /// <summary>Maps the module's routes.</summary>
    public static IEndpointRouteBuilder MapFabric(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").WithTags("fabric");
        AggregateEndpoint.Opened();
        JoinEndpoint.Opened();
        CorrelationEndpoint.Opened();
        api.MapGet("devices/{id}/series", SeriesEndpoints.List).RequirePermission("fabric.series.read", Scope.Tenant);
        api.MapGet("devices/{id}/series/{**property}", SeriesEndpoints.Read).RequirePermission("fabric.series.read", Scope.Tenant);
        api.MapDelete("devices/{id}/series", SeriesDeletion.DeleteAsync).RequirePermission("fabric.series.delete", Scope.Tenant);
        api.MapGet("series", SeriesEndpoints.ListAll).RequirePermission("fabric.series.read", Scope.Tenant);
        api.MapGet("series/latest", LatestAnswer.Of).RequirePermission("fabric.series.read", Scope.Tenant);
        api.MapGet("series/aggregates", AggregateEndpoint.Answer).RequirePermission("fabric.series.read", Scope.Tenant);
        api.MapGet("series/join", JoinEndpoint.Answer).RequirePermission("fabric.series.read", Scope.Tenant);
        api.MapGet("series/correlation", CorrelationEndpoint.Answer).RequirePermission("fabric.series.read", Scope.Tenant);
        api.MapGet("series/quality", QualityEndpoint.Answer).RequirePermission("fabric.series.read", Scope.Tenant);
        api.MapGet("series/export", ExportEndpoint.Answer).RequirePermission("fabric.series.read", Scope.Tenant);
        api.MapGet("retention", RetentionEndpoints.List).RequirePermission("fabric.retention.read", Scope.Tenant);
        api.MapPut("retention/{name}", RetentionEndpoints.Put).RequirePermission("fabric.retention.write", Scope.Tenant);
        api.MapDelete("retention/{name}", RetentionEndpoints.Remove).RequirePermission("fabric.retention.write", Scope.Tenant);
        api.MapPost("retention/{name}/preview", RetentionEndpoints.Preview).RequirePermission("fabric.retention.read", Scope.Tenant);
        api.MapPost("retention/sweep", RetentionEndpoints.SweepAsync).RequirePermission("fabric.retention.write", Scope.Tenant);
        api.MapPost("sql", SqlEndpoint.Answer).RequirePermission("fabric.series.read", Scope.Tenant);
        api.MapGet("things", ThingEndpoints.List).RequirePermission("fabric.thing.read", Scope.Tenant);
        api.MapGet("things/{thing}", ThingEndpoints.Show).RequirePermission("fabric.thing.read", Scope.Tenant);
        api.MapGet("things/{thing}/description", ThingEndpoints.Document).RequirePermission("fabric.thing.read", Scope.Tenant);
        api.MapPut("things/{thing}/description", ThingEndpoints.PutAsync).RequirePermission("fabric.thing.write", Scope.Tenant);
        api.MapGet("assets", AssetEndpoints.List).RequirePermission("fabric.asset.read", Scope.Tenant);
        api.MapPost("assets/import", AssetEndpoints.ImportAsync).RequirePermission("fabric.asset.write", Scope.Tenant);
        api.MapGet("assets/{name}", AssetEndpoints.Show).RequirePermission("fabric.asset.read", Scope.Tenant);
        api.MapPut("assets/{name}", AssetEndpoints.Put).RequirePermission("fabric.asset.write", Scope.Tenant);
        api.MapDelete("assets/{name}", AssetEndpoints.Remove).RequirePermission("fabric.asset.write", Scope.Tenant);
        api.MapGet("relations", AssetEndpoints.Relations).RequirePermission("fabric.asset.read", Scope.Tenant);
        api.MapPost("relations", AssetEndpoints.Relate).RequirePermission("fabric.asset.write", Scope.Tenant);
        api.MapDelete("relations", AssetEndpoints.Unrelate).RequirePermission("fabric.asset.write", Scope.Tenant);
        api.MapGet("contracts", ContractEndpoints.List).RequirePermission("fabric.contract.read", Scope.Tenant);
        api.MapGet("contracts/violations", ContractEndpoints.Broken).RequirePermission("fabric.contract.read", Scope.Tenant);
        api.MapPost("contracts/check", ContractEndpoints.CheckAsync).RequirePermission("fabric.contract.read", Scope.Tenant);
        api.MapGet("things/{thing}/contract", ContractEndpoints.Document).RequirePermission("fabric.contract.read", Scope.Tenant);
        api.MapPut("things/{thing}/contract", ContractEndpoints.PutAsync).RequirePermission("fabric.contract.write", Scope.Tenant);
        api.MapDelete("things/{thing}/contract", ContractEndpoints.Remove).RequirePermission("fabric.contract.write", Scope.Tenant);
        api.MapGet("quarantine", QuarantineEndpoints.List).RequirePermission("fabric.quarantine.read", Scope.Tenant);
        api.MapPost("quarantine/release", QuarantineEndpoints.ReleaseAsync).RequirePermission("fabric.quarantine.decide", Scope.Tenant);
        api.MapDelete("quarantine", QuarantineEndpoints.Discard).RequirePermission("fabric.quarantine.decide", Scope.Tenant);
        api.MapGet("devices/{id}/readiness", SeriesEndpoints.ReadinessOf).RequirePermission("fabric.readiness.read", Scope.Tenant);
        api.MapGet("readiness", SeriesEndpoints.FleetReadiness).RequirePermission("fabric.readiness.read", Scope.Tenant);
        api.MapGet("devices/{id}/timeline", TimelineEndpoint.Answer).RequirePermission("fabric.series.read", Scope.Tenant);
        api.MapPost("devices/{id}/events", EventDoor.PostAsync).RequirePermission(DoorRights.Permission, Scope.Tenant);
        api.MapGet("devices/{id}/events", FabricEndpoints.RecordedEvents).RequirePermission("fabric.event.read", Scope.Tenant);
        api.MapPost("devices/{id}/revocation", FabricEndpoints.Revoke).RequirePermission("fleet.device.revoke", Scope.Tenant);
        api.MapDelete("devices/{id}", FabricEndpoints.Delete).RequirePermission("fleet.device.delete", Scope.Tenant);
        api.MapGet("lineage", FabricEndpoints.WalkLineage).RequirePermission("fabric.lineage.read", Scope.Tenant);
        api.MapGet("lineage/verification", FabricEndpoints.VerifyLineage).RequirePermission("fabric.lineage.read", Scope.Tenant);
        api.MapGet("messages/account", FabricEndpoints.Account).RequirePermission("fabric.message.read", Scope.Tenant);
        api.MapGet("messages/bad", FabricEndpoints.BadMessages).RequirePermission("fabric.message.read", Scope.Tenant);
        api.MapPost("messages", MessageEndpoints.PublishAsync).RequirePermission("fabric.message.publish", Scope.Tenant);
        api.MapGet("messages/live", MessageEndpoints.Tail).RequirePermission("fabric.message.read", Scope.Tenant);
        api.MapGet("topics", MessageEndpoints.Tree).RequirePermission("fabric.message.read", Scope.Tenant);
        api.MapGet("clients", ClientEndpoints.List).RequirePermission("fabric.client.read", Scope.Tenant);
        api.MapGet("devices/{id}/connection", ClientEndpoints.OfDevice).RequirePermission("fabric.client.read", Scope.Tenant);
        api.MapGet("devices/{id}/trace", TraceEndpoints.Trace).RequirePermission("fabric.client.trace", Scope.Tenant);
        api.MapPost("devices/{id}/telemetry", TelemetryEndpoints.PostAsync).RequirePermission(DoorRights.Permission, Scope.Tenant);
        api.MapGet("events", FabricEndpoints.Live).RequirePermission("fabric.event.read", Scope.Tenant);
        api.MapGet("mappings", MappingEndpoints.List).RequirePermission("fabric.mapping.read", Scope.Tenant);
        api.MapGet("mappings/{name}", MappingEndpoints.Show).RequirePermission("fabric.mapping.read", Scope.Tenant);
        api.MapGet("mappings/{name}/document", MappingEndpoints.Document).RequirePermission("fabric.mapping.read", Scope.Tenant);
        api.MapPut("mappings/{name}/document", MappingEndpoints.PutAsync).RequirePermission("fabric.mapping.write", Scope.Tenant);
        api.MapDelete("mappings/{name}", MappingEndpoints.Remove).RequirePermission("fabric.mapping.delete", Scope.Tenant);
        api.MapPost("mappings/preview", MappingEndpoints.Preview).RequirePermission("fabric.mapping.read", Scope.Tenant);
        api.MapGet("dead-letters", DeadLetterEndpoints.List).RequirePermission("fabric.deadletter.read", Scope.Tenant);
        api.MapPost("dead-letters/retry", DeadLetterEndpoints.RetryAsync).RequirePermission("fabric.deadletter.decide", Scope.Tenant);
        api.MapDelete("dead-letters", DeadLetterEndpoints.Discard).RequirePermission("fabric.deadletter.decide", Scope.Tenant);
        api.MapGet("unmapped", UnmappedEndpoints.List).RequirePermission("fabric.mapping.read", Scope.Tenant);
        api.MapGet("unmapped/proposal", UnmappedEndpoints.Propose).RequirePermission("fabric.mapping.read", Scope.Tenant);
        api.MapGet("sources", SourceEndpoints.List).RequirePermission("fabric.source.read", Scope.Tenant);
        api.MapGet("sources/{name}", SourceEndpoints.Show).RequirePermission("fabric.source.read", Scope.Tenant);
        api.MapPut("sources/{name}", SourceEndpoints.PutAsync).RequirePermission("fabric.source.write", Scope.Tenant);
        api.MapDelete("sources/{name}", SourceEndpoints.RemoveAsync).RequirePermission("fabric.source.delete", Scope.Tenant);
        api.MapPost("sources/{name}/pause", SourceEndpoints.PauseAsync).RequirePermission("fabric.source.write", Scope.Tenant);
        api.MapPost("sources/{name}/resume", SourceEndpoints.ResumeAsync).RequirePermission("fabric.source.write", Scope.Tenant);
        api.MapPost("sources/preview", SourceEndpoints.PreviewAsync).RequirePermission("fabric.source.write", Scope.Tenant);
        api.MapGet("pipelines", PipelineEndpoints.List).RequirePermission("fabric.pipeline.read", Scope.Tenant);
        api.MapGet("pipelines/{name}", PipelineEndpoints.Show).RequirePermission("fabric.pipeline.read", Scope.Tenant);
        api.MapPut("pipelines/{name}", PipelineEndpoints.ApplyAsync).RequirePermission("fabric.pipeline.write", Scope.Tenant);
        api.MapDelete("pipelines/{name}", PipelineEndpoints.RemoveAsync).RequirePermission("fabric.pipeline.write", Scope.Tenant);
        api.MapPost("pipelines/{name}/preview", PipelineEndpoints.Preview).RequirePermission("fabric.pipeline.read", Scope.Tenant);
        api.MapPost("pipelines/{name}/pause", PipelineEndpoints.PauseAsync).RequirePermission("fabric.pipeline.write", Scope.Tenant);
        api.MapPost("pipelines/{name}/resume", PipelineEndpoints.ResumeAsync).RequirePermission("fabric.pipeline.write", Scope.Tenant);
        api.MapPost("pipelines/{name}/replay", PipelineEndpoints.Replay).RequirePermission("fabric.pipeline.read", Scope.Tenant);
        InfluxEndpoints.Map(routes);
        PromEndpoints.Map(routes);

        // Made now, so that their counters are there from the start.
        routes.ServiceProvider.GetRequiredService<DoorLimits>();
        routes.ServiceProvider.GetRequiredService<ExportLimits>();
        routes.ServiceProvider.GetRequiredService<TimelineLimits>();
        routes.ServiceProvider.GetRequiredService<SqlLimits>();
        routes.ServiceProvider.GetRequiredService<ThingBook>();
        routes.ServiceProvider.GetRequiredService<AssetBook>();
        routes.ServiceProvider.GetRequiredService<QualityWatch>();
        routes.ServiceProvider.GetRequiredService<ContractJudge>();
        routes.ServiceProvider.GetRequiredService<MappedMessages>();
        routes.ServiceProvider.GetRequiredService<SourceBook>();
        routes.ServiceProvider.GetRequiredService<PipelineBook>();
        routes.ServiceProvider.GetRequiredService<PipelineReplays>();
        return routes;
    }
}
