using Pilotage.Core.Contracts.Releases;
using Pilotage.Learning.Golden;
using Pilotage.Learning.Onnx;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Models.Contracts;
using Pilotage.Trust;

namespace Pilotage.Server.Rollouts;

/// <summary>
/// Decides what of a report is evidence: the certificate is one of ours and not cut off, the signature is the edge's, the edge speaks for
/// itself, and its answers to the challenge are those of the release's own models, which the server computes for itself.
/// </summary>
internal sealed class EvidenceJudge(IServerKeys keys, IDeviceStanding standing, ReleaseBook releases, IArtifactStore artifacts, TimeProvider time)
{
    // A model that hangs must hang its own worker only, never the controller that judges it.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private const int RememberedMax = 10_000;
    private readonly Dictionary<string, bool> _judged = [];

    /// <summary>The report and whether its answers hold, or why it is no evidence.</summary>
    public async ValueTask<Outcome<RolloutInput.Evidence>> JudgeAsync(DomainEvent report, CancellationToken cancellation)
    {
        var json = System.Text.Encoding.UTF8.GetBytes(report.Data.GetRawText());
        var verified = CertifiedEnvelope.Parse(json).Then(envelope => envelope.Verify(keys.ClientTrust, AttestedState.PayloadType));
        if (!verified.TryGet(out var signed, out var refusal))
        {
            return refusal;
        }

        if (standing.MayNot(signed.Signer, signed.Certificate) is { } cut)
        {
            return cut;
        }

        if (!AttestedState.Parse(signed.Payload).TryGet(out var state, out refusal))
        {
            return refusal;
        }

        if (signed.Signer.Tenant != report.Tenant || signed.Signer.Device != report.Device || state.Edge != signed.Signer.Device.Value)
        {
            return new Refusal("evidence.not_its_own", $"'{signed.Signer.Device}' signed a report about '{state.Edge}', published as '{report.Device}'.");
        }

        return new RolloutInput.Evidence(state, state.Golden is not null && await AnswersHoldAsync(report.Tenant, state, cancellation));
    }

    private async ValueTask<bool> AnswersHoldAsync(TenantId tenant, AttestedState state, CancellationToken cancellation)
    {
        var answers = state.Golden!.Answers.OrderBy(item => item.Key, StringComparer.Ordinal)
            .Select(item => item.Key + "=" + string.Join(',', item.Value.Select(value => value?.ToString("R") ?? "-")));
        var key = $"{tenant}|{state.Release}|{state.Challenge}|{string.Join(';', answers)}";
        if (!_judged.TryGetValue(key, out var holds))
        {
            holds = await ComputeAsync(tenant, state, cancellation);
            if (_judged.Count >= RememberedMax)
            {
                _judged.Clear();
            }

            _judged[key] = holds;
        }

        return holds;
    }

    private async ValueTask<bool> ComputeAsync(TenantId tenant, AttestedState state, CancellationToken cancellation)
    {
        if (!releases.Get(tenant, state.Release).TryGet(out var release, out _))
        {
            return false;
        }

        var manifest = release.Manifest();
        foreach (var model in manifest.Models)
        {
            if (!state.Golden!.Answers.TryGetValue(model.Name, out var answers) || !await HoldsAsync(manifest, model, state.Challenge, answers, cancellation))
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<bool> HoldsAsync(ReleaseManifest manifest, ReleaseModel model, string challenge, IReadOnlyList<float?> answers, CancellationToken cancellation)
    {
        if (!Read(manifest, ArtifactKind.Golden, model.Name).Then(bytes => GoldenSet.Read(bytes)).TryGet(out var golden, out _)
            || !Read(manifest, ArtifactKind.Model, model.Name).Then(bytes => OnnxModel.Load(bytes, new OnnxOptions())).TryGet(out var onnx, out _))
        {
            return false;
        }

        using (onnx)
        {
            var answering = Task.Run(() => GoldenChallenge.Holds(golden, onnx, challenge, answers), cancellation);
            try
            {
                return await answering.WaitAsync(AnswerWithin, time, cancellation);
            }
            catch (TimeoutException)
            {
                // Waited for before the model goes: it must not be released under a call that still runs in it.
                onnx.Stop();
                await ((Task)answering).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return false;
            }
            catch (OnnxException)
            {
                return false;
            }
        }
    }

    private Outcome<byte[]> Read(ReleaseManifest manifest, string kind, string name) =>
        manifest.Find(kind, name) is { } artifact && Digest.TryParse(artifact.Digest, out var digest)
            ? artifacts.Read(digest)
            : new Refusal("release.missing_artifact", $"The release has no {kind} '{name}'.");
}
