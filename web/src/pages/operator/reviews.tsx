import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { State, Time, useText } from '../../kit/show'

/** Listing applications of all sellers. */
export function Reviews() {
  const { t } = useTranslation()
  const text = useText()
  return (
    <Page title={t('nav.reviews')} purpose={t('reviews.purpose')}>
      <List<Schemas['ApplicationView']>
        name="reviews"
        rowKey={(a) => a.id}
        empty={t('reviews.empty')}
        fetch={async ({ state }, paging) => {
          const data = await unwrap(api.GET('/api/v1/applications', { params: { query: { state, ...paging } } }))
          return { rows: data.applications, next: data.next }
        }}
        filters={[
          {
            name: 'state',
            label: t('field.state'),
            options: ['in_review', 'approved', 'rejected'].map((value) => ({ value, label: t(`state.${value}`) })),
          },
        ]}
        columns={[
          {
            key: 'product',
            title: t('field.product'),
            value: (a) => text(a.product_name),
            render: (a) => (
              <Link to="/operator/reviews/$id" params={{ id: a.id } as never}>
                {text(a.product_name)}
              </Link>
            ),
          },
          { key: 'seller', title: t('field.seller'), value: (a) => a.seller },
          { key: 'revision', title: t('reviews.revision'), value: (a) => a.revision, align: 'right' },
          {
            key: 'state',
            title: t('field.state'),
            value: (a) => t(`state.${a.state}`),
            render: (a) => <State of={a.state} />,
          },
          {
            key: 'submitted',
            title: t('reviews.submitted'),
            sort: 'created',
            value: (a) => a.submitted_at,
            render: (a) => <Time at={a.submitted_at} />,
          },
        ]}
      />
    </Page>
  )
}
