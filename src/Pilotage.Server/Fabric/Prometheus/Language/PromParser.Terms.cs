namespace Pilotage.Server.Fabric.Prometheus.Language;

/// <content>Selectors, calls and aggregations.</content>
internal sealed partial class PromParser
{
    // Half a century: a time, less a range, less an offset is then still one that there is.
    private const double RangeNsMax = 50 * 365.0 * 86_400e9;

    private static readonly Dictionary<string, PromRangeFunction> Functions = new(StringComparer.Ordinal)
    {
        ["avg_over_time"] = PromRangeFunction.AvgOverTime,
        ["min_over_time"] = PromRangeFunction.MinOverTime,
        ["max_over_time"] = PromRangeFunction.MaxOverTime,
        ["sum_over_time"] = PromRangeFunction.SumOverTime,
        ["count_over_time"] = PromRangeFunction.CountOverTime,
        ["last_over_time"] = PromRangeFunction.LastOverTime,
        ["rate"] = PromRangeFunction.Rate,
        ["increase"] = PromRangeFunction.Increase,
        ["delta"] = PromRangeFunction.Delta,
    };

    private static readonly Dictionary<string, PromAggregator> Aggregators = new(StringComparer.Ordinal)
    {
        ["sum"] = PromAggregator.Sum,
        ["avg"] = PromAggregator.Avg,
        ["min"] = PromAggregator.Min,
        ["max"] = PromAggregator.Max,
        ["count"] = PromAggregator.Count,
        ["topk"] = PromAggregator.TopK,
        ["bottomk"] = PromAggregator.BottomK,
    };

    private static PromAggregator? AggregatorOf(string word) => Aggregators.TryGetValue(word.ToLowerInvariant(), out var aggregator) ? aggregator : null;

    private PromSelector? Selector()
    {
        var start = Now.At;
        var matchers = new List<LabelMatcher>();
        if (Now.Kind == PromTokenKind.Name)
        {
            Add(matchers, LabelMatcher.MetricName, "=", Now.Text, Now.At);
            _next++;
        }

        if (Now.Is("{") && !Matchers(matchers))
        {
            return null;
        }

        if (matchers.TrueForAll(matcher => matcher.TakesEmpty))
        {
            Fail(PromFault.At(start, "a selector needs one matcher at least that does not match the empty string"));
        }
        else if (matchers.Count(matcher => matcher is { Name: LabelMatcher.MetricName, Operator: "=" }) > 1)
        {
            Fail(PromFault.At(start, "the name of the metric is given twice"));
        }

        return Offset() is { } offset && _refusal is null ? new PromSelector(matchers, offset) : null;
    }

    private bool Matchers(List<LabelMatcher> matchers)
    {
        _next++;
        while (!Now.Is("}"))
        {
            if (matchers.Count == LabelsMax)
            {
                Fail(PromFault.At(Now.At, $"there are more than {LabelsMax} matchers"));
                return false;
            }

            if (!Matcher(matchers))
            {
                return false;
            }

            if (!Now.Is("}") && !Expect(","))
            {
                return false;
            }
        }

        _next++;
        return true;
    }

    /// <summary>A label with its condition; or a text alone, which is the metric's name where that is no word.</summary>
    private bool Matcher(List<LabelMatcher> matchers)
    {
        var label = Now;
        if (label.Kind is not (PromTokenKind.Name or PromTokenKind.Text) || (label.Kind == PromTokenKind.Name && label.Text.Contains(':', StringComparison.Ordinal)))
        {
            Unexpected("the name of a label");
            return false;
        }

        _next++;
        if (label.Kind == PromTokenKind.Text && (Now.Is(",") || Now.Is("}")))
        {
            return Add(matchers, LabelMatcher.MetricName, "=", label.Text, label.At);
        }

        var sign = Now;
        if (!(sign.Is("=") || sign.Is("!=") || sign.Is("=~") || sign.Is("!~")))
        {
            Unexpected("= or != or =~ or !~");
            return false;
        }

        _next++;
        var value = Now;
        if (value.Kind != PromTokenKind.Text)
        {
            Unexpected("a text in quotation marks");
            return false;
        }

        _next++;
        return Add(matchers, label.Text, sign.Text, value.Text, value.At);
    }

    private bool Add(List<LabelMatcher> matchers, string name, string sign, string value, int at)
    {
        if (LabelMatcher.Of(name, sign, value, at).TryGet(out var matcher, out var refusal))
        {
            matchers.Add(matcher);
            return true;
        }

        Fail(refusal);
        return false;
    }

    /// <summary>How long before, in nanoseconds; 0 where nothing is said.</summary>
    private long? Offset()
    {
        if (!Now.IsWord("offset"))
        {
            return 0;
        }

        _next++;
        var isNegative = Now.Is("-");
        _next += isNegative ? 1 : 0;
        return Duration() is { } ns ? isNegative ? -ns : ns : null;
    }

    /// <summary>A duration; a number alone counts seconds.</summary>
    private long? Duration()
    {
        var token = Now;
        if (token.Kind is not (PromTokenKind.Duration or PromTokenKind.Number))
        {
            Unexpected("a duration such as 5m");
            return null;
        }

        _next++;
        var ns = token.Kind == PromTokenKind.Number ? token.Number * 1e9 : token.Number;
        if (ns is >= 0 and <= RangeNsMax)
        {
            return (long)ns;
        }

        Fail(PromFault.At(token.At, "a duration is at most 50 years"));
        return null;
    }

    private PromExpression? Call()
    {
        var name = _tokens[_next++];
        if (!Functions.TryGetValue(name.Text, out var function))
        {
            return Fail(PromFault.NotSupported(name.At, $"the function {name.Text}"));
        }

        _next++;
        if (Now.Kind != PromTokenKind.Name && !Now.Is("{"))
        {
            return Unexpected($"a selector with a range, as in {name.Text}(temperature[5m]),");
        }

        if (_tokens[_next + 1].Is("(") && Now.Kind == PromTokenKind.Name)
        {
            return Fail(PromFault.NotSupported(Now.At, $"{name.Text} of something else than a selector"));
        }

        return RangeSelector() is var (selector, range) && Expect(")") ? AfterTerm(new PromRangeCall(function, selector, range)) : null;
    }

    private (PromSelector Selector, long RangeNs)? RangeSelector()
    {
        if (Selector() is not { } selector || !Expect("[") || Duration() is not { } range)
        {
            return null;
        }

        if (selector.OffsetNs != 0)
        {
            Fail(PromFault.At(Now.At, "offset stands behind the range"));
            return null;
        }

        if (Now.Is(":"))
        {
            Fail(PromFault.NotSupported(Now.At, "a subquery"));
            return null;
        }

        if (range == 0)
        {
            Fail(PromFault.At(Now.At, "the range is longer than nothing"));
            return null;
        }

        return Expect("]") && Offset() is { } offset ? (selector with { OffsetNs = offset }, range) : null;
    }

    private PromExpression? Aggregation(PromAggregator aggregator)
    {
        var takesParameter = aggregator is PromAggregator.TopK or PromAggregator.BottomK;
        var grouping = Grouping();
        if (_refusal is not null || !Expect("("))
        {
            return null;
        }

        var (at, parameter) = (Now.At, (PromExpression?)null);
        if (takesParameter && ((parameter = Sum()) is null || !Expect(",")))
        {
            return null;
        }

        if (takesParameter && parameter is not PromNumber { Value: > -1e9 and < 1e9 })
        {
            return Fail(PromFault.At(at, "how many is a number"));
        }

        at = Now.At;
        if (Sum() is not { } of || !Expect(")"))
        {
            return null;
        }

        grouping ??= Grouping();
        return _refusal is not null ? null
            : of is PromNumber ? Fail(PromFault.At(at, "a vector is wanted, and this is a number"))
            : AfterTerm(new PromAggregation(aggregator, of, (parameter as PromNumber)?.Value ?? 0, grouping?.Labels ?? [], grouping?.IsWithout ?? false));
    }

    /// <summary>The labels of by or without; null where neither stands here.</summary>
    private (IReadOnlyList<string> Labels, bool IsWithout)? Grouping()
    {
        if (!Now.IsWord("by") && !Now.IsWord("without"))
        {
            return null;
        }

        var isWithout = _tokens[_next++].IsWord("without");
        var labels = new List<string>();
        if (!Expect("("))
        {
            return null;
        }

        while (!Now.Is(")"))
        {
            if (Now.Kind is not (PromTokenKind.Name or PromTokenKind.Text) || labels.Count == LabelsMax)
            {
                Unexpected(labels.Count == LabelsMax ? $"no more than {LabelsMax} labels" : "the name of a label");
                return null;
            }

            labels.Add(_tokens[_next++].Text);
            if (!Now.Is(")") && !Expect(","))
            {
                return null;
            }
        }

        _next++;
        return (labels, isWithout);
    }
}
