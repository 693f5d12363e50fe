select
    models.model_key,
    cards.snapshot_date as valid_from,
    lead(cards.snapshot_date) over (
        partition by cards.hub_id order by cards.snapshot_date
    ) as valid_to,
    cards.licence_names,
    cards.licence_link
from {{ source('raw', 'licence_cards') }} as cards
inner join {{ source('raw', 'hub_models') }} as models
    on cards.hub_id = models.hub_id
