using System.Text.Json.Serialization;
using Pilotage.Edge.Identity;
using Pilotage.Edge.Updates;
using Pilotage.Edge.Workers;

namespace Pilotage.Edge;

/// <summary>The edge's own files and pipes as JSON, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EnrolRequest))]
[JsonSerializable(typeof(EnrolResponse))]
[JsonSerializable(typeof(EdgeState))]
[JsonSerializable(typeof(WorkerOrders))]
[JsonSerializable(typeof(WorkerReport))]
[JsonSerializable(typeof(BirthMessage))]
internal sealed partial class EdgeJson : JsonSerializerContext;
