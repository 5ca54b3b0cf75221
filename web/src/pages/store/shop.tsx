import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Empty, Pagination } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../../api/client'
import { siteOf } from '../../api/site'
import { useAddress } from '../../kit/address'
import { Await, Page } from '../../kit/page'
import { Logo, pictureUrl, Time } from '../../kit/show'
import { Tiles } from './card'

function Products({ seller }: { seller: string }) {
  const { t } = useTranslation()
  const { search, set } = useAddress()
  const { page } = search
  const query = useQuery({
    queryKey: ['products', siteOf(), 'of', seller, page],
    queryFn: () => unwrap(api.GET('/api/v1/products', { params: { query: { seller, page } } })),
  })
  return (
    <Await query={query}>
      {(found) =>
        found.products.length === 0 ? (
          <Empty description={t('shop.empty')} />
        ) : (
          <>
            <Tiles cards={found.products} />
            <Pagination
              style={{ marginTop: 16 }}
              align="end"
              hideOnSinglePage
              current={found.page}
              pageSize={found.page_size}
              total={found.total}
              showSizeChanger={false}
              onChange={(p) => set({ page: String(p) })}
            />
          </>
        )
      }
    </Await>
  )
}

/** A seller's shop: brand picture, story, products. */
export function Shop() {
  const { t } = useTranslation()
  const { seller } = useParams({ strict: false }) as { seller: string }
  const query = useQuery({
    queryKey: ['shop', seller],
    queryFn: () => unwrap(api.GET('/api/v1/shops/{seller}', { params: { path: { seller } } })),
  })
  return (
    <Await query={query}>
      {(shop) => (
        <div className="stack" style={{ gap: 24 }}>
          <div className="panel shop">
            {shop.brand_picture ? (
              <img src={pictureUrl(shop.brand_picture)} alt={t('shop.brand')} />
            ) : (
              <div className="band">
                <Logo name={shop.name} />
              </div>
            )}
            <div style={{ padding: 24 }}>
              <Page title={shop.name} purpose={shop.company_name === shop.name ? undefined : shop.company_name}>
                <p className="prose" style={{ whiteSpace: 'pre-line', margin: 0 }}>
                  {shop.introduction}
                </p>
                <div className="dim facts" style={{ marginTop: 12 }}>
                  <span>
                    {t('shop.since')} <Time at={shop.since} date />
                  </span>
                  <span>{shop.service_phone}</span>
                  <span>{shop.service_mailbox}</span>
                </div>
              </Page>
            </div>
          </div>
          <section>
            <h2>{t('shop.products')}</h2>
            <Products seller={seller} />
          </section>
        </div>
      )}
    </Await>
  )
}
