{{ one_row_of(
    'event_study_thresholds',
    [
        'least_daily_sd', 'lost_split_certain_ratio', 'lost_split_greatest_range',
        'lost_split_tolerance', 'release_likes_days', 'release_max_days_unseen',
        'release_min_likes', 'restated_beyond', 'significance', 'split_least_log_ratio'
    ],
    whole=[
        'bootstrap_block_weeks', 'bootstrap_replicates', 'estimation_end',
        'estimation_min_observations', 'estimation_start', 'lead_lag_max_weeks',
        'lead_lag_min_weeks', 'placebo_sessions', 'pooled_min_events', 'unknown_time_hour'
    ]
) }}
