using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Cli.Api;
using Pilotage.Cli.Demo.Devices;
using Pilotage.Cli.Demo.Steps;
using Pilotage.Cli.Frame;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Sdk;
using Pilotage.Sdk.Devices;

namespace Pilotage.Cli.Demo.Cheats;

/// <summary>An edge with a valid certificate says "confirmed" about a release it never fetched, signed with its own key.</summary>
internal static class UpdateCheat
{
    private const string Hardware = "linux-x64";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static async Task<(string? By, string Says)> RunAsync(DemoHome home, ApiClient client, TimeProvider time, CancellationToken cancellation)
    {
        using var api = new DemoApi(client, time, ownsClient: false);
        var releases = await api.ListAsync("api/v1/releases", cancellation);
        var release = releases.Count > 0
            ? releases[^1]!
            : throw new CliFailure(ExitCode.NotFound, "there is no release yet", null, "wait until the demonstration has passed the step 'rollout'");
        var (edge, device, path) = await EnrolAsync(api, time, cancellation);
        try
        {
            await using var link = await ConnectAsync(home, edge, time, cancellation);
            // Halted before by an earlier try of this cheat, it is asked for again.
            var request = new JsonObject { ["release"] = Read.Text(release, "id"), ["devices"] = new JsonArray(path), ["again"] = true, ["note"] = "a cheat of the demonstration: the edge lies" };
            var rollout = Read.Text(await api.PostAsync("api/v1/rollouts", request, cancellation), "id");
            return await LieAsync(api, link, edge, device, release, rollout, time, cancellation);
        }
        finally
        {
            foreach (var liar in new[] { device, edge.Id })
            {
                await api.PostAsync($"api/v1/devices/{Uri.EscapeDataString(liar)}/revocation", new JsonObject(), CancellationToken.None);
            }
        }
    }

    private static async Task<(string? By, string Says)> LieAsync(
        DemoApi api, DeviceClient link, DeviceCredential edge, string device, JsonNode release, string rollout, TimeProvider time, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        JsonNode? state = null;
        for (var report = 1; time.GetElapsedTime(began) < Patience; report++)
        {
            await link.SendReportedAsync(Read.Text(release, "id"), Signed(edge, Claim(edge, device, release, report, time)), cancellation);
            state = await api.GetAsync($"api/v1/rollouts/{rollout}", cancellation);
            switch (RolloutWatch.Status(state))
            {
                case "completed":
                    return (null, "the rollout counts the liar as updated");
                case "rolling" or "shadow" or "paused" or "unknown":
                    await Task.Delay(Pause, time, cancellation);
                    break;
                default:
                    return ("evidence: a report counts only when it answers the challenge of its offer, and silence is failure", Cause(state));
            }
        }

        return ("silence: no valid evidence came in time, and the device still counts as not updated", Cause(state));
    }

    private static string Cause(JsonNode? state) => $"rollout {RolloutWatch.Status(state)}: {Read.TextOrNull(state, "cause|reason|why") ?? "no cause given"}";

    private static AttestedState Claim(DeviceCredential edge, string device, JsonNode release, int report, TimeProvider time)
    {
        var nowNs = time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
        return new()
        {
            Edge = edge.Id,
            BootId = "cheat",
            Report = report,
            Hardware = Hardware,
            Worker = new() { Pid = 4711, StartedNs = nowNs },
            Release = Read.Text(release, "id"),
            ManifestDigest = Read.TextOrNull(release, "manifestDigest") ?? "",
            Challenge = "guessed",
            Devices = [new() { Device = device, FirstInferenceNs = nowNs, Inferences = 1000 }],
            Golden = new() { Rows = 32, MaxError = 0, Pass = true },
            P50Ms = 0.1,
            P99Ms = 0.2,
            Inferences = 1000,
            AtNs = nowNs,
            DesiredVersion = report,
            State = AttestedPhase.Confirmed,
        };
    }

    /// <summary>A DSSE envelope with the edge's own, valid key: the lie is well signed.</summary>
    private static byte[] Signed(DeviceCredential edge, AttestedState claim)
    {
        var payload = claim.ToJson();
        var head = Encoding.UTF8.GetBytes($"DSSEv1 {AttestedState.PayloadType.Length} {AttestedState.PayloadType} {payload.Length} ");
        using var key = edge.Certificate.GetECDsaPrivateKey()!;
        var signature = key.SignData([.. head, .. payload], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        var keyId = Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
        return Encoding.UTF8.GetBytes(new JsonObject
        {
            ["payload"] = Convert.ToBase64String(payload),
            ["payloadType"] = AttestedState.PayloadType,
            ["signatures"] = new JsonArray(new JsonObject { ["keyid"] = keyId, ["sig"] = Convert.ToBase64String(signature) }),
        }.ToJsonString());
    }

    private static async Task<(DeviceCredential Edge, string Device, string Path)> EnrolAsync(DemoApi api, TimeProvider time, CancellationToken cancellation)
    {
        var devices = await api.ListAsync("api/v1/devices", cancellation);
        var known = devices.First(device => Read.TextOrNull(device, "thing") != "edge");
        var site = Read.Text(known, "path")[..Read.Text(known, "path").LastIndexOf('/')];
        var suffix = time.GetUtcNow().ToUnixTimeSeconds();
        var enroller = new Enroller(api);
        var edgePath = $"{site}/edge-liar-{suffix}";
        var edge = (await enroller.EnrolAsync([edgePath], "edge", null, Hardware, cancellation))[edgePath];
        var path = $"{site}/liar-{suffix}";
        var device = (await enroller.DeclareAsync([path], Read.Text(known, "thing"), edge.Id, null, cancellation))[path].Id;
        return (edge, device, path);
    }

    private static async Task<DeviceClient> ConnectAsync(DemoHome home, DeviceCredential edge, TimeProvider time, CancellationToken cancellation)
    {
        var ports = DemoPorts.Read(home);
        return await DeviceClient.ConnectAsync(
            new DeviceClientOptions
            {
                Endpoint = MqttEndpoint.Tcp("127.0.0.1", ports.Mqtts),
                Path = edge.Path,
                DeviceId = edge.Id,
                Certificate = edge.Certificate,
                Roots = [edge.Authority],
            },
            time,
            new Random(1),
            NullLoggerFactory.Instance,
            cancellation);
    }
}
