namespace Pilotage.Cli.Demo;

/// <summary>What a demonstration was asked for.</summary>
internal sealed record DemoOptions
{
    /// <summary>A folder with C-MAPSS files; null takes the built-in plant.</summary>
    public string? Data { get; init; }

    public string Subset { get; init; } = "FD001";

    /// <summary>Walk the loop and end, instead of staying up until Ctrl-C.</summary>
    public bool Once { get; init; }

    public string? Report { get; init; }

    public int Port { get; init; } = 8080;

    /// <summary>Seed of the built-in plant.</summary>
    public int Seed { get; init; } = 42;
}
