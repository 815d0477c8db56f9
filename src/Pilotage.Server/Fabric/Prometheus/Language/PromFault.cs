namespace Pilotage.Server.Fabric.Prometheus.Language;

/// <summary>What is wrong with a query, and what can be asked instead.</summary>
internal static class PromFault
{
    public const string Code = "fabric.promql.query";

    /// <summary>What is read here, in one sentence.</summary>
    public const string Supported =
        "supported are selectors with = != =~ !~ and offset; avg_over_time, min_over_time, max_over_time, sum_over_time, count_over_time, last_over_time, rate, increase and delta; "
        + "sum, avg, min, max, count, topk and bottomk with by or without; numbers, and + - * / of a vector and a number";

    /// <summary>A query that is none; the place is told from 1, as Prometheus does.</summary>
    public static Refusal At(int at, string says) => new(Code, $"1:{at + 1}: parse error: {says}");

    /// <summary>A query that Prometheus would answer and this server does not.</summary>
    public static Refusal NotSupported(int at, string what) => new(Code, $"1:{at + 1}: {what} is not supported here; {Supported}");
}
