using System.Diagnostics.Metrics;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>How many replays of pipelines run at once.</summary>
internal sealed class PipelineReplays(IMeterFactory meters) : Turnstile(
    meters,
    TurnstileCounter.OfResults("pilotage.pipelines.replays", "{replay}", "Replays of pipelines over history, by result: done, refused, gone (whoever asked did not wait for the end)."),
    OpenMax,
    new("fabric.pipeline.too_many", $"{OpenMax} replays run already, each of which takes a processor; ask again when one has ended."))
{
    /// <summary>Most at once: each computes as fast as it can.</summary>
    public const int OpenMax = 2;
}
