using System.Text.Json.Serialization;
using Pilotage.Core.Contracts.Releases;

namespace Pilotage.Core.Contracts;

/// <summary>How the contracts look as JSON: camelCase, nothing unknown, nothing twice, nothing missing.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 32)]
[JsonSerializable(typeof(ReleaseManifest))]
[JsonSerializable(typeof(DesiredState))]
[JsonSerializable(typeof(AttestedState))]
internal sealed partial class ContractsJson : JsonSerializerContext
{
}
