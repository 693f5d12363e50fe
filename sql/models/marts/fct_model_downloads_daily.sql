{{ published_view() }}
select
    downloads.activity_date,
    downloads.observed_date as snapshot_date,
    models.hub_id,
    cards.repo_id,
    cards.publisher,
    downloads.gross,
    downloads.correction,
    downloads.net,
    downloads.cumulative,
    downloads.is_interpolated,
    downloads.is_birth
from {{ ref('int_model_downloads__daily') }} as downloads
inner join {{ ref('stg_hub__models') }} as models
    on downloads.model_key = models.model_key
left join {{ ref('stg_hub__cards') }} as cards
    on
        downloads.model_key = cards.model_key
        and {{ holds_on('cards', 'downloads.observed_date') }}
where downloads.net is not null
