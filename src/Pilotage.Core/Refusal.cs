namespace Pilotage.Core;

/// <summary>An expected "no": a stable code, and a sentence that says what, why and what to do.</summary>
/// <param name="Code">Stable and documented, for example <c>rollout.wave_not_healthy</c>; the <c>type</c> of the HTTP problem.</param>
/// <param name="Message">One or two sentences for a person.</param>
public sealed record Refusal(string Code, string Message)
{
    /// <summary>Where in the input each fault lies: a JSON pointer, a <c>file:line:column</c> or a parameter name.</summary>
    public IReadOnlyList<RefusalDetail> Details { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{Code}: {Message}";
}

/// <summary>One fault inside a refused input.</summary>
public sealed record RefusalDetail(string Where, string Message);
