namespace Pilotage.Server.Rollouts;

/// <summary>
/// Does the new version alarm more often than the incumbent, which infers on the same fleet at the same time? An e-process:
/// it may be looked at after every report and is wrong at most once in <c>1 / Alpha</c> rollouts however often one looks.
/// </summary>
/// <remarks>
/// Given that an alert comes, it is the challenger's with probability <c>θr / (1 + θr)</c>, where r is the ratio of inferences made
/// and θ the ratio of alert rates. The evidence is the likelihood ratio of each θ of a grid against the largest allowed θ, weighted
/// over the grid; under any allowed θ its expectation never exceeds 1 (Ville's inequality does the rest). Half of the weight
/// lies on "every alert is the challenger's": a first wave of two devices against eighteen calm ones gives two alerts and no more,
/// and evenly spread weights leave their evidence just short of a halt. An alert of the challenger on a device where the
/// incumbent stands in alarm too is agreement and not counted.
/// </remarks>
public sealed class AlertRateTest
{
    /// <summary>Chance of halting a release that alarms no more than allowed.</summary>
    public const double Alpha = 0.05;

    // Below it the counts show no sign of harm; between it and 1 / Alpha nobody can tell, and the rollout pauses.
    private const double Suspicion = 4;

    // Inferences a device that each side is credited with in a look. Edges report at different moments, and in one look a side may be
    // a report ahead; the credit draws the ratio towards that of the devices.
    private const double Credit = 4;

    // The last one stands for "all of them", kept finite so that a control's alert lowers it and does not end it.
    private static readonly double[] Grid = [1.5, 2, 4, 8, 16, 32, 64, 4096];
    private static readonly double[] Weights = [1 / 14d, 1 / 14d, 1 / 14d, 1 / 14d, 1 / 14d, 1 / 14d, 1 / 14d, 1 / 2d];

    /// <summary>Log likelihood ratio per θ of the grid.</summary>
    public double[] LogRatios { get; set; } = new double[Grid.Length];

    public Arm Challenger { get; set; } = new();

    public Arm Control { get; set; } = new();

    /// <summary>Counts since the last look.</summary>
    public Arm ChallengerSinceLook { get; set; } = new();

    public Arm ControlSinceLook { get; set; } = new();

    /// <summary>The last counters seen per release and device, to turn totals into what is new.</summary>
    public Dictionary<string, Seen> Counters { get; set; } = [];

    /// <summary>The evidence against the new version; 20 halts it.</summary>
    public double Evidence => LogRatios.Zip(Weights, (log, weight) => weight * Math.Exp(log)).Sum();

    /// <summary>Takes one device's totals as attested by one worker process.</summary>
    public void Add(string device, bool challenger, string worker, long inferences, long alerts, bool alarmed, double margin)
    {
        var key = (challenger ? "n/" : "o/") + device;
        var known = Counters.TryGetValue(key, out var seen);
        (challenger ? Challenger : Control).Devices += known ? 0 : 1;
        var before = known && seen!.Worker == worker ? seen : new Seen(worker, 0, 0, false);
        var newInferences = Math.Max(0, inferences - before.Inferences);
        var newAlerts = Math.Max(0, alerts - before.Alerts);
        Counters[key] = new Seen(worker, Math.Max(inferences, before.Inferences), Math.Max(alerts, before.Alerts), alarmed);
        if (!challenger && ChallengerSinceLook.Inferences + Challenger.Inferences == 0)
        {
            // Concurrent means at the same time: what the incumbent did before the challenger's first inference is no control.
            return;
        }

        if (challenger && newAlerts > 0 && Counters.TryGetValue("o/" + device, out var incumbent) && incumbent.Alarmed)
        {
            newAlerts--;
        }

        (challenger ? Challenger : Control).Add(newInferences, newAlerts);
        (challenger ? ChallengerSinceLook : ControlSinceLook).Add(newInferences, newAlerts);
        Look(margin);
    }

    /// <summary>Pass needs inferences on both sides: a metric without data passes nothing.</summary>
    public GuardResult Result => Evidence switch
    {
        >= 1 / Alpha => GuardResult.Fail,
        >= Suspicion => GuardResult.Inconclusive,
        _ when Challenger.Inferences == 0 || Control.Inferences == 0 => GuardResult.Inconclusive,
        _ => GuardResult.Pass,
    };

    /// <summary>The outcome with the counts behind it.</summary>
    public GuardOutcome Judge(double margin)
    {
        var told = $"{Challenger.Alerts} alerts in {Challenger.Inferences} inferences against {Control.Alerts} in {Control.Inferences} of the concurrent control"
            + $" (evidence {Evidence:0.##}, halts at {1 / Alpha:0}, margin {margin:0.##})";
        return new GuardOutcome("alert_rate", Result, told);
    }

    // Edges report at different moments. A look waits until each side made about one inference per device, so that the ratio of
    // inferences is that of the fleet and not of who reported last; it depends on inferences alone, so it cannot favour an outcome.
    private void Look(double margin)
    {
        if (ChallengerSinceLook.Inferences < Math.Max(1, Challenger.Devices) || ControlSinceLook.Inferences < Math.Max(1, Control.Devices))
        {
            return;
        }

        var ratio = (ChallengerSinceLook.Inferences + (Credit * Challenger.Devices)) / (ControlSinceLook.Inferences + (Credit * Control.Devices));
        var allowed = Share((1 + margin) * ratio);
        for (var i = 0; i < Grid.Length; i++)
        {
            var share = Share((1 + margin) * Grid[i] * ratio);
            LogRatios[i] += (ChallengerSinceLook.Alerts * Math.Log(share / allowed))
                + (ControlSinceLook.Alerts * Math.Log((1 - share) / (1 - allowed)));
        }

        ChallengerSinceLook = new Arm();
        ControlSinceLook = new Arm();
    }

    private static double Share(double odds) => odds / (1 + odds);

    /// <summary>One side's counts.</summary>
    public sealed class Arm
    {
        public long Inferences { get; set; }

        public long Alerts { get; set; }

        public int Devices { get; set; }

        internal void Add(long inferences, long alerts)
        {
            Inferences += inferences;
            Alerts += alerts;
        }
    }

    /// <summary>The totals last seen of one device under one process.</summary>
    public sealed record Seen(string Worker, long Inferences, long Alerts, bool Alarmed);
}

/// <summary>What a guard says: three outcomes, and only one of them lets a wave pass.</summary>
public enum GuardResult
{
    Pass,

    Fail,

    Inconclusive,
}

/// <summary>One guard's answer, with the figures behind it.</summary>
public sealed record GuardOutcome(string Guard, GuardResult Result, string Why);
