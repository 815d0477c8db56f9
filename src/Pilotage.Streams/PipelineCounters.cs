namespace Pilotage.Streams;

/// <summary>What a running pipeline has done and what it had to leave out, since it was first started.</summary>
public readonly record struct PipelineCounters
{
    /// <summary>Rows taken.</summary>
    public long Rows { get; init; }

    /// <summary>Rows dropped because they were older than their device's watermark.</summary>
    public long Late { get; init; }

    /// <summary>Rows dropped because they repeated the one before.</summary>
    public long Duplicates { get; init; }

    /// <summary>Rows dropped because of an impossible time.</summary>
    public long OutOfRange { get; init; }

    /// <summary>Rows dropped because their device was one too many.</summary>
    public long DevicesRefused { get; init; }

    /// <summary>Rows passed on before their lateness was over because too many waited.</summary>
    public long ReleasedEarly { get; init; }

    /// <summary>Rows that fell out of a full window before their time.</summary>
    public long WindowRowsDropped { get; init; }

    /// <summary>Answers of models.</summary>
    public long Inferences { get; init; }

    /// <summary>Rows for which a model was not asked because an input was NULL.</summary>
    public long InferencesRejected { get; init; }

    /// <summary>Alerts raised.</summary>
    public long AlertsRaised { get; init; }

    /// <summary>Alerts cleared.</summary>
    public long AlertsCleared { get; init; }

    /// <summary>Texts that were NULL instead, too long or too many at once.</summary>
    public long TextsRefused { get; init; }
}
